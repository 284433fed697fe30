"""Pages for a browser: the playground and the photo page. Sessions know no sockets; the server only transports."""
