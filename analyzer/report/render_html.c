/* One HTML file that needs nothing else: it works offline, without script (the tables stand), on paper and on a phone.
 * Its Content-Security-Policy allows its own two scripts and its style, by their hashes, and nothing else. */
#include <inttypes.h>
#include <string.h>

#include <openssl/evp.h>

#include "common/text.h"
#include "common/version.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/page.h"

static const char *const verdict_classes[] = {
    [VERDICT_CLEAN] = "clean", [VERDICT_LEAK] = "leak", [VERDICT_INCONCLUSIVE] = "inconclusive"};

/* 'sha256-BASE64', as CSP wants it (www.w3.org/TR/CSP3/#grammardef-hash-source). */
static bool print_hash(FILE *out, const char *bytes, size_t length)
{
	unsigned char digest[EVP_MAX_MD_SIZE], text[64];
	if (EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) != 1)
		return false;
	EVP_EncodeBlock(text, digest, 32);
	fprintf(out, " 'sha256-%s'", (const char *)text);
	return true;
}

static bool print_head(FILE *out, const struct report *report)
{
	bool good;
	fputs(
	    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src",
	    out);
	good = print_hash(out, page_css, page_css_size);
	fputs("; script-src", out);
	if (chart_js_size)
		good = good && print_hash(out, chart_js, chart_js_size) &&
		       print_hash(out, page_js, page_js_size);
	else
		fputs(" 'none'", out);
	fputs("; base-uri 'none'; form-action 'none'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
	    out);
	escape_markup(out, verdict_words[report->verdict->word]);
	fputs(": ", out);
	escape_markup(out, report->scenario_name ? report->scenario_name : report->name);
	fprintf(out, " - leaklab</title>\n<style>%s</style>\n</head>\n", page_css);
	return good;
}

static void print_verdict(FILE *out, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	fprintf(out,
	    "<section id=\"verdict\" class=\"verdict %s\" aria-labelledby=\"verdict-heading\">\n"
	    "<h1 id=\"verdict-heading\">%s</h1>\n<p>Run <strong>",
	    verdict_classes[verdict->word], verdict_words[verdict->word]);
	escape_markup(out, report->scenario_name ? report->scenario_name : report->name);
	fputs("</strong>", out);
	for (size_t i = 0; i < report->fact_count; i++) {
		const char *key = report->facts[i].key;
		if (strcmp(key, "host") == 0 || strcmp(key, "started") == 0) {
			fputs(key[0] == 'h' ? " on " : ", ", out);
			escape_markup_format(out, "%.19s", report->facts[i].value);
			fputs(key[0] == 'h' ? "" : " UTC", out);
		}
	}
	fputs("</p>\n<ul>\n", out);
	for (size_t i = 0; i < verdict->reasons.count; i++) {
		fputs("<li>", out);
		escape_markup(out, verdict->reasons.items[i]);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n</section>\n"
	      "<section id=\"changes\" aria-labelledby=\"changes-heading\">\n"
	      "<h2 id=\"changes-heading\">What would change this verdict</h2>\n<ul>\n",
	    out);
	for (size_t i = 0; i < verdict->changes.count; i++) {
		fputs("<li>", out);
		escape_markup(out, verdict->changes.items[i]);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n</section>\n", out);
}

static void print_culprits(FILE *out, const struct verdict *verdict)
{
	char held[HELD_WORDS];
	fputs("<section id=\"holders\" aria-labelledby=\"holders-heading\">\n"
	      "<h2 id=\"holders-heading\">Holders</h2>\n",
	    out);
	if (!verdict->culprits_known || verdict->culprit_count == 0) {
		fputs(
		    verdict->k + verdict->young == 0
		        ? "<p>There is nothing that anybody could hold.</p>\n</section>\n"
		    : verdict->culprits_known
		        ? "<p>No process was seen to hold an orphaned logon session.</p>\n</section>\n"
		        : "<p>The observers could not see handles.</p>\n</section>\n",
		    out);
		return;
	}
	fprintf(out,
	    "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Holders, table\"><table>"
	    "<caption>Who holds %s</caption><thead><tr>"
	    "<th scope=\"col\">image</th><th scope=\"col\" class=\"number\">process</th>"
	    "<th scope=\"col\" class=\"number\">handles</th>"
	    "<th scope=\"col\" class=\"number\">logon sessions</th>"
	    "<th scope=\"col\" class=\"number\">session IDs</th><th scope=\"col\">note</th></tr>"
	    "</thead>\n<tbody>\n",
	    held_words(verdict, held));
	for (size_t i = 0; i < verdict->culprit_count; i++) {
		const struct culprit *culprit = &verdict->culprits[i];
		fputs("<tr><th scope=\"row\">", out);
		escape_markup(out, culprit->image);
		fputs("</th>", out);
		html_integer(out, culprit->pid);
		html_integer(out, culprit->handles);
		html_integer(out, culprit->logon_sessions);
		html_integer(out, culprit->session_ids);
		html_cell(out, "text",
		    culprit->follower ? "releases once the last other holder has"
		    : culprit->ended  ? "has ended"
		                      : "");
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n</section>\n", out);
}

static void print_expectations(FILE *out, const struct verdict *verdict)
{
	static const char *const classes[] = {
	    [MET] = "met", [NOT_MET] = "not-met", [NOT_DECIDABLE] = "undecided"};
	if (verdict->expectation_count == 0)
		return;
	fputs(
	    "<section id=\"expectations\" aria-labelledby=\"expectations-heading\">\n"
	    "<h2 id=\"expectations-heading\">Expectations</h2>\n"
	    "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Expectations, table\">"
	    "<table><caption>What the scenario expected of the run</caption><thead><tr>"
	    "<th scope=\"col\">of</th><th scope=\"col\">expected</th><th scope=\"col\">result</th>"
	    "<th scope=\"col\">seen</th></tr></thead>\n<tbody>\n",
	    out);
	for (size_t i = 0; i < verdict->expectation_count; i++) {
		const struct expectation *expectation = &verdict->expectations[i];
		fputs("<tr><th scope=\"row\">", out);
		escape_markup(out, expectation->key + sizeof "expect." - 1);
		fputs("</th>", out);
		html_cell(out, "text", expectation->expected);
		html_cell(out, classes[expectation->met], met_words[expectation->met]);
		html_cell(out, "wide", expectation->seen);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n</section>\n", out);
}

static void print_controls(FILE *out, const struct verdict *verdict)
{
	if (verdict->control_count == 0)
		return;
	fputs(
	    "<section id=\"controls\" aria-labelledby=\"controls-heading\">\n"
	    "<h2 id=\"controls-heading\">Controls</h2>\n"
	    "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Controls, table\"><table>"
	    "<caption>Runs beside this one, which show that the lab sees a leak, and sees none where "
	    "there is none</caption><thead><tr><th scope=\"col\">control</th><th scope=\"col\">result</th>"
	    "<th scope=\"col\">verdict</th><th scope=\"col\" class=\"number\">orphaned</th>"
	    "<th scope=\"col\" class=\"number\">cycles</th><th scope=\"col\">why</th></tr></thead>\n<tbody>\n",
	    out);
	for (size_t i = 0; i < verdict->control_count; i++) {
		const struct control *control = &verdict->controls[i];
		fputs("<tr><th scope=\"row\">", out);
		escape_markup(out, control->name);
		fputs("</th>", out);
		html_cell(
		    out, control->held ? "met" : "not-met", control->held ? "held" : "FAILED");
		html_cell(out, "kind", verdict_words[control->word]);
		html_integer(out, control->k);
		html_integer(out, control->n);
		html_cell(out, "wide", control->reason);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n</section>\n", out);
}

#define GROWTHS_MOST 20

static void print_slope(FILE *out, const struct growth *growth, double slope)
{
	char text[32] = "";

	if (growth->doubt != DOUBT_TOO_FEW)
		snprintf(text, sizeof text, "%.2f", slope);
	html_cell(out, "number", text);
}

/* Series that do not rise are counted, not listed. */
static void print_growths(FILE *out, const struct verdict *verdict)
{
	static const char *const words[] = {
	    [GROWTH_NONE] = "",
	    [GROWTH_LEAK] = "leak",
	    [GROWTH_PLATEAU] = "plateau: filled up, and stays",
	    [GROWTH_UNCERTAIN] = "not clear",
	    [GROWTH_RELEASED] = "released after the load",
	    [GROWTH_EXPLAINED] = "follows another row",
	};
	size_t listed = 0;

	if (verdict->growth_tested == 0 && verdict->growth_count == 0)
		return;
	fprintf(out,
	    "<section id=\"growth\" aria-labelledby=\"growth-heading\">\n"
	    "<h2 id=\"growth-heading\">Handles over the cycles</h2>\n<p>%" PRId64
	    " series (a process, a type of object, the run's accounts or one of them) over %" PRId64
	    " snapshots during the load.</p>\n"
	    "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Handles over the cycles, table\"><table>"
	    "<caption>Those that rise, the most telling first</caption><thead><tr>"
	    "<th scope=\"col\">image</th><th scope=\"col\" class=\"number\">process</th>"
	    "<th scope=\"col\">type</th><th scope=\"col\">account</th>"
	    "<th scope=\"col\" class=\"number\">a cycle</th>"
	    "<th scope=\"col\" class=\"number\">at least</th>"
	    "<th scope=\"col\" class=\"number\">at most</th>"
	    "<th scope=\"col\">what it is</th></tr></thead>\n<tbody>\n",
	    verdict->growth_tested, verdict->growth_samples);
	for (size_t i = 0; i < verdict->growth_count && listed < GROWTHS_MOST; i++) {
		const struct growth *growth = &verdict->growths[i];
		if (growth->word == GROWTH_NONE)
			continue;
		listed++;
		fputs("<tr><th scope=\"row\">", out);
		escape_markup(out, growth->image);
		fputs("</th>", out);
		html_integer(out, growth->pid);
		html_cell(out, "kind", growth->totals ? "any" : growth->type);
		html_cell(out, "kind", growth->user ? growth->user : "any");
		print_slope(out, growth, growth->slope);
		print_slope(out, growth, growth->lower);
		print_slope(out, growth, growth->upper);
		html_cell(out, "text", words[growth->word]);
		fputs("</tr>\n", out);
	}
	if (listed == 0)
		fputs("<tr><td colspan=\"8\">none rises</td></tr>\n", out);
	fputs("</tbody></table></div>\n</section>\n", out);
}

static void print_failures(FILE *out, const struct report *report)
{
	if (report->failure_count == 0)
		return;
	fputs(
	    "<section id=\"failures\" aria-labelledby=\"failures-heading\">\n"
	    "<h2 id=\"failures-heading\">Errors</h2>\n"
	    "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Errors, table\"><table>"
	    "<caption>What went wrong, the most frequent first</caption><thead><tr>"
	    "<th scope=\"col\" class=\"number\">cycles</th><th scope=\"col\">phase</th>"
	    "<th scope=\"col\">code</th><th scope=\"col\">message of the first</th>"
	    "<th scope=\"col\" class=\"number\">first cycle</th></tr></thead>\n<tbody>\n",
	    out);
	for (size_t i = 0; i < report->failure_count; i++) {
		const struct failure *failure = &report->failures[i];
		fputs("<tr>", out);
		html_integer(out, failure->count);
		html_cell(out, "phase", failure_phase(failure));
		html_cell(out, "code", failure->code);
		html_cell(out, "wide", failure->message);
		html_integer(out, failure->first);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n</section>\n", out);
}

static void print_links(FILE *out, const struct report *report)
{
	fputs(
	    "<a class=\"skip\" href=\"#main\">Skip to the verdict</a>\n<header>\n<p>leaklab</p>\n"
	    "<nav aria-label=\"Parts of the report\"><ul>\n<li><a href=\"#holders\">Holders</a></li>\n",
	    out);
	if (report->verdict->expectation_count)
		fputs("<li><a href=\"#expectations\">Expectations</a></li>\n", out);
	fputs("<li><a href=\"#charts\">Charts</a></li>\n", out);
	if (report->verdict->growth_tested || report->verdict->growth_count)
		fputs("<li><a href=\"#growth\">Handles</a></li>\n", out);
	if (report->failure_count)
		fputs("<li><a href=\"#failures\">Errors</a></li>\n", out);
	fputs("<li><a href=\"#evidence\">Evidence</a></li>\n"
	      "<li><a href=\"#environment\">Environment</a></li>\n</ul></nav>\n</header>\n",
	    out);
}

static bool print_scripts(FILE *out, const struct chart charts[CHART_COUNT], struct error *error)
{
	if (chart_js_size == 0)
		return true;
	fputs("<script type=\"application/json\" id=\"charts-data\">", out);
	if (!html_chart_data(out, charts, error))
		return false;
	fprintf(out, "</script>\n<script>%s</script>\n<script>%s</script>\n", chart_js, page_js);
	return true;
}

static bool render(const struct report *report, FILE *out, struct error *error)
{
	struct chart charts[CHART_COUNT];
	bool good = charts_make(charts, report) || error_memory(error);
	if (good)
		good = print_head(out, report) ||
		       error_set(error, EXIT_TARGET, "hashing the page's scripts failed");
	if (good) {
		fputs("<body>\n", out);
		print_links(out, report);
		fputs("<main id=\"main\" tabindex=\"-1\">\n", out);
		print_verdict(out, report);
		print_culprits(out, report->verdict);
		print_expectations(out, report->verdict);
		print_controls(out, report->verdict);
		fputs("<section id=\"charts\" aria-labelledby=\"charts-heading\">\n"
		      "<h2 id=\"charts-heading\">Charts</h2>\n",
		    out);
		if (chart_js_size == 0)
			fputs(
			    "<p>This report was made by a leaklab that was built without Chart.js: it has "
			    "the tables only.</p>\n",
			    out);
		fputs("<div class=\"charts\">\n", out);
		html_charts(out, charts);
		fputs("</div>\n</section>\n", out);
		print_growths(out, report->verdict);
		print_failures(out, report);
		html_captures(out, report);
		html_environment(out, report);
		fputs(
		    "</main>\n<footer><p>Made by leaklab-analyzer " LEAKLAB_VERSION " from ", out);
		escape_markup(out, report->name);
		fputs(".</p></footer>\n", out);
		good = print_scripts(out, charts, error);
		fputs("</body>\n</html>\n", out);
	}
	charts_deinit(charts);
	return good;
}

const struct renderer renderer_html = {
    .name = "html", .suffix = ".html", .full = true, .render = render};
