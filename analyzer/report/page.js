"use strict";
(() => {
	const charts = [];
	const styles = ["circle", "triangle", "rect", "rectRot", "crossRot", "star", "cross", "dash"];
	const dashes = [[], [6, 3], [2, 2], [8, 3, 2, 3]];
	/* What is printed is black on white, whatever the screen is. */
	const onPaper = {ink: "#000", soft: "#333", line: "#bbb",
		series: ["#0b6bb0", "#b9460a", "#0a7a5a", "#8a3d8f", "#7d6200", "#2d8aa8", "#a3273c", "#555b66"]};

	function fromPage() {
		const style = getComputedStyle(document.documentElement);
		const value = (name) => style.getPropertyValue(name).trim();
		return {ink: value("--ink"), soft: value("--soft"), line: value("--line"),
			series: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => value("--c" + n))};
	}

	function dataset(data, series, number, look) {
		const colour = look.series[number % look.series.length];
		const bars = data.kind === "bars" || data.kind === "stack";
		const points = bars ? series.values
			: series.values.map((y, row) => ({x: data.x[row], y})).filter((point) => point.y !== null);
		return {label: series.name, data: points, borderColor: colour, backgroundColor: colour, pointStyle: styles[number % styles.length],
			showLine: data.kind === "lines" || data.kind === "steps", stepped: data.kind === "steps" ? "after" : false,
			borderDash: bars ? [] : dashes[number % dashes.length], borderWidth: bars ? 0 : 2,
			pointRadius: data.kind === "steps" ? 0 : points.length > 300 ? 1.5 : 3, spanGaps: false};
	}

	function options(data) {
		const bars = data.kind === "bars" || data.kind === "stack";
		const y = {type: data.logarithmic ? "logarithmic" : "linear", title: {display: true, text: data.y_label},
			stacked: data.kind === "stack", ticks: {maxTicksLimit: 7}};
		if (!data.logarithmic)
			Object.assign(y, {beginAtZero: true, grace: "5%", ticks: {precision: 0, maxTicksLimit: 7}});
		else
			y.ticks.callback = (value) => /^1(e[+-]?\d+|0*)$|^0\.0*1$/.test(String(value)) ? String(value) : "";
		return {animation: false, maintainAspectRatio: false,
			scales: {
				x: {type: bars ? "category" : "linear", min: bars ? undefined : 0, title: {display: true, text: data.x_label},
					stacked: data.kind === "stack", ticks: {maxTicksLimit: 9, maxRotation: bars ? 60 : 0}},
				y,
			},
			plugins: {legend: {display: data.series.length > 1, position: "bottom",
				labels: {usePointStyle: !bars, boxWidth: 12, boxHeight: bars ? 12 : 7}}}};
	}

	function paint(chart, look) {
		chart.data.datasets.forEach((series, number) => {
			const colour = look.series[number % look.series.length];
			series.borderColor = colour;
			series.backgroundColor = colour;
		});
		for (const axis of Object.values(chart.options.scales)) {
			axis.grid = {color: look.line};
			axis.ticks.color = look.soft;
			axis.title.color = look.soft;
		}
		chart.options.plugins.legend.labels.color = look.ink;
		chart.update();
	}

	function draw(data) {
		const look = fromPage();
		const figure = document.getElementById(data.id);
		const bars = data.kind === "bars" || data.kind === "stack";
		figure.classList.add("drawn");
		const chart = new Chart(figure.querySelector("canvas"), {type: bars ? "bar" : "scatter",
			data: {labels: bars ? data.categories : undefined,
				datasets: data.series.map((series, number) => dataset(data, series, number, look))},
			options: options(data)});
		charts.push(chart);
		figure.querySelector("details").open = false;
	}

	const repaint = () => charts.forEach((chart) => paint(chart, fromPage()));
	JSON.parse(document.getElementById("charts-data").textContent).forEach(draw);
	repaint();
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
	/* What is folded on the screen is not on paper; so all is opened, and folded again. */
	const folded = new Set();
	addEventListener("beforeprint", () => {
		document.querySelectorAll("details:not([open])").forEach((part) => {
			folded.add(part);
			part.open = true;
		});
		charts.forEach((chart) => {
			chart.resize(640, 260);
			paint(chart, onPaper);
		});
	});
	addEventListener("afterprint", () => {
		folded.forEach((part) => { part.open = false; });
		folded.clear();
		charts.forEach((chart) => chart.resize());
		repaint();
	});
})();
