// Socket.IO on Node, the chat of its tutorial.
const { createServer } = require("node:http");
const { Server } = require("socket.io");

const server = createServer();
const io = new Server(server);

io.on("connection", (socket) => {
  socket.on("message", (data) => io.emit("message", data));
});

server.listen(Number(process.argv[2]), "127.0.0.1");
