// Sends the body of a form to its route and shows the answer below it.
for (const form of document.querySelectorAll("form[data-send]")) {
  const [text, button, output] = ["textarea", "button", "output"].map((part) => form.querySelector(part));
  button.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const answer = await fetch(form.dataset.send, {
        method: "POST", body: text.value, headers: { "Content-Type": "application/json" },
      });
      output.toggleAttribute("data-bad", !answer.ok);
      output.value = answer.status + "\n" + JSON.stringify(await answer.json(), null, 2);
    } catch (error) {
      output.toggleAttribute("data-bad", true);
      output.value = "No answer: " + error.message + ". Is the server running?";
    }
    button.disabled = false;
  });
}
