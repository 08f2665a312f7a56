// What the examples' pages do besides their library: show what comes, send what is typed.
function show(username, message) {
  const row = document.createElement("li");
  row.textContent = `${username}: ${message}`;
  document.getElementById("messages").append(row);
}

function listen(send) {
  const form = document.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send({ username: form.username.value, message: form.message.value });
    form.message.value = "";
  });
}
