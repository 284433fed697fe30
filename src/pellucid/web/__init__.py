"""Pages in a browser: a playground and a page for photographs. Sessions know no sockets; the server only transports."""
