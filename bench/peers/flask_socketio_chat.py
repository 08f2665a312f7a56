"""The chat that Simple chat replaces: username and message, to everybody, by Flask-SocketIO.

gunicorn -k geventwebsocket.gunicorn.workers.GeventWebSocketWorker -w 1 flask_socketio_chat:app
"""

from flask import Flask, render_template
from flask_socketio import SocketIO, emit

app = Flask(__name__)
app.config["SECRET_KEY"] = "only for measuring"
socketio = SocketIO(app)


@app.route("/")
def room():
    return render_template("chat.html", room="lobby")


@socketio.on("message")
def chat(data):
    emit("message", {"username": data["username"], "message": data["message"]}, broadcast=True)
