// What the pages do a little better with a script: sliders beside their
// numbers, and progress that moves without a reload.
document.documentElement.classList.add("js");

function sliders() {
	for (const range of document.querySelectorAll("input[type=range][data-for]")) {
		const number = document.getElementById(range.dataset.for);
		const follow = () => {
			range.classList.toggle("unset", number.value === "");
			if (number.value !== "") range.value = number.value.replace(",", ".");
		};
		follow();
		number.addEventListener("input", follow);
		range.addEventListener("input", () => { number.value = range.value; follow(); });
	}
}

// While a cycle runs the page asks for itself every second and takes over what
// has changed. The old content stays until the new one is there.
async function refresh() {
	for (;;) {
		await new Promise(done => setTimeout(done, 1000));
		if (document.hidden) continue;
		try {
			const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
			if (!answer.ok) continue;
			const next = new DOMParser().parseFromString(await answer.text(), "text/html");
			const main = next.querySelector("main");
			document.querySelector("main").replaceWith(main);
			if (!("refresh" in main.dataset)) return;
		} catch {
			// The server is away for a moment; the page goes on asking.
		}
	}
}

sliders();
if (document.querySelector("main[data-refresh]")) refresh();
