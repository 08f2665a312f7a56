"""The chat that Simple chat replaces: username and message, to everybody, by Flask-SocketIO.

gunicorn -k geventwebsocket.gunicorn.workers.GeventWebSocketWorker -w 1 flask_socketio_chat:app
"""

from flask import Flask
from flask_socketio import SocketIO, emit

app = Flask(__name__)
app.config["SECRET_KEY"] = "only for measuring"
socketio = SocketIO(app)


@socketio.on("message")
def chat(data):
    emit("message", {"username": data["username"], "message": data["message"]}, broadcast=True)
