/* The appendix: what was seen, when, by whom, and what the run was made with. */
#include "report/html.h"

#include <inttypes.h>

#include "common/text.h"
#include "common/version.h"
#include "report/escape.h"

static void print_capture(FILE *out, const struct capture *capture, const struct output *output)
{
	char time[TIMESTAMP_TEXT];
	fprintf(out, "<tr><th scope=\"row\">%s %" PRId64 "</th>", mark_names[capture->mark],
	    capture->round);
	html_integer(out, capture->cycle);
	html_cell(out, "text", capture->observer);
	html_cell(out, "time", timestamp_format(capture->started, time));
	html_integer(out, capture->exit_status);
	html_integer(out, (int64_t)capture->output_length);
	html_cell(out, "hash", *output->sha256 ? output->sha256 : NULL);
	html_cell(out, "text", capture->problem ? capture->problem : "read");
	fputs("</tr>\n", out);
}

static void print_output(FILE *out, const struct capture *capture, const struct output *output)
{
	if (!output->text)
		return;
	fprintf(out, "<details class=\"long\"><summary>What ");
	escape_markup(out, capture->observer);
	fprintf(out, " printed at %s %" PRId64 "</summary>\n<p>Command: <code>",
	    mark_names[capture->mark], capture->round);
	escape_markup(out, capture->command);
	fputs("</code></p>\n<pre tabindex=\"0\">", out);
	escape_markup(out, output->text);
	fputs("</pre>\n", out);
	if (output->left_out)
		fprintf(out, "<p>%zu more byte%s of it in the run file.</p>\n", output->left_out,
		    text_plural((int64_t)output->left_out));
	fputs("</details>\n", out);
}

void html_captures(FILE *out, const struct report *report)
{
	fputs("<section id=\"evidence\" aria-labelledby=\"evidence-heading\">\n"
	      "<h2 id=\"evidence-heading\">Evidence</h2>\n",
	    out);
	if (report->captures.count == 0) {
		fputs("<p>The run had no observer.</p>\n</section>\n", out);
		return;
	}
	fprintf(out,
	    "<div class=\"scroll%s\" role=\"region\" tabindex=\"0\" aria-label=\"Outputs of the "
	    "observers, table\">"
	    "<table><caption>%zu output%s of the observers. The hash is of all that was printed.</caption>"
	    "<thead><tr><th scope=\"col\">mark, round</th><th scope=\"col\" class=\"number\">cycle</th>"
	    "<th scope=\"col\">observer</th><th scope=\"col\">started</th>"
	    "<th scope=\"col\" class=\"number\">exit</th><th scope=\"col\" class=\"number\">bytes</th>"
	    "<th scope=\"col\">SHA-256</th><th scope=\"col\">result</th></tr></thead>\n<tbody>\n",
	    report->captures.count > 12 ? " tall" : "", report->captures.count,
	    text_plural((int64_t)report->captures.count));
	for (size_t i = 0; i < report->captures.count; i++)
		print_capture(out, &report->captures.items[i], &report->outputs[i]);
	fputs(
	    "</tbody></table></div>\n<p class=\"print-only\">What the observers printed is in the HTML "
	    "file.</p>\n",
	    out);
	for (size_t i = 0; i < report->captures.count; i++)
		print_output(out, &report->captures.items[i], &report->outputs[i]);
	fputs("</section>\n", out);
}

static void print_events(FILE *out, const struct report *report)
{
	char time[TIMESTAMP_TEXT];
	if (report->event_count == 0)
		return;
	fputs(
	    "<h3>Events</h3>\n<div class=\"scroll tall\" role=\"region\" tabindex=\"0\" "
	    "aria-label=\"Events, table\"><table><caption>What the driver noted</caption><thead><tr>"
	    "<th scope=\"col\">time</th><th scope=\"col\">kind</th><th scope=\"col\">what</th></tr>"
	    "</thead>\n<tbody>\n",
	    out);
	for (size_t i = 0; i < report->event_count; i++) {
		const struct event *event = &report->events[i];
		fputs("<tr>", out);
		html_cell(out, "time", timestamp_format(event->time, time));
		html_cell(out, "kind", event->kind);
		html_cell(out, "text", event->text);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
}

static void print_fact(FILE *out, const char *name, const char *value)
{
	fputs("<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">", out);
	escape_markup(out, name);
	fputs("</th><td class=\"text\" role=\"cell\">", out);
	escape_markup(out, value);
	fputs("</td>", out);
	fputs("</tr>\n", out);
}

void html_environment(FILE *out, const struct report *report)
{
	fputs(
	    "<section id=\"environment\" aria-labelledby=\"environment-heading\">\n"
	    "<h2 id=\"environment-heading\">Environment</h2>\n"
	    "<table class=\"pairs\" role=\"table\"><caption>What the run was made with</caption><tbody>\n",
	    out);
	print_fact(out, "run file", report->name);
	for (size_t i = 0; i < report->fact_count; i++)
		print_fact(out, report->facts[i].name, report->facts[i].value);
	print_fact(out, "leaklab-analyzer", LEAKLAB_VERSION);
	fputs("</tbody></table>\n", out);
	print_events(out, report);
	if (report->scenario) {
		fputs("<details><summary>The scenario</summary><pre tabindex=\"0\">", out);
		escape_markup(out, report->scenario);
		fputs("</pre></details>\n", out);
	}
	fputs("</section>\n", out);
}
