"""Where frames come from: a file, a folder that fills, a pipe, a socket, a camera."""
