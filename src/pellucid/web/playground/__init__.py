"""The playground: one live training of a small network on points or a table; messages in, messages out, no sockets."""
