// Parts of the page by their id, and the line that tells what is wrong.

const part = (id) => document.getElementById(id);

function notice(text) {
  part("notice").textContent = text;
  part("notice").hidden = false;
}
