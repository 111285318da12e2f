/* One HTML file that needs nothing else: it works offline, without script (the tables stand), on paper and on a phone.
 * Its Content-Security-Policy allows its own two scripts and its style, by their hashes, and nothing else. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include <openssl/evp.h>

#include "common/text.h"
#include "common/version.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/page.h"

/* The charts stand between what the verdict is made from and the details. */
#define CHARTS_BEFORE TABLE_GROWTH

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

/* The word; of several runs, what it is about, too: "The fix: improved". */
static void print_headline(FILE *out, const struct report *report)
{
	if (!report->verdict)
		fprintf(
		    out, "%c%s: ", toupper((unsigned char)report->subject[0]), report->subject + 1);
	escape_markup(out, report->word);
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
	print_headline(out, report);
	fputs(": ", out);
	escape_markup(out, report_title(report));
	fprintf(out, " - leaklab</title>\n<style>%s</style>\n</head>\n", page_css);
	return good;
}

static void print_list(FILE *out, const struct sentences *sentences)
{
	fputs("<ul>\n", out);
	for (size_t i = 0; i < sentences->count; i++) {
		fputs("<li>", out);
		escape_markup(out, sentences->items[i]);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

static void print_about(FILE *out, const struct report *report)
{
	fputs(report->verdict ? "<p>Run <strong>" : "<p><strong>", out);
	escape_markup(out, report->verdict ? report_title(report) : report->name);
	fputs("</strong>", out);
	for (size_t i = 0; i < report->fact_count; i++) {
		const char *key = report->facts[i].key;
		if (strcmp(key, "host") == 0 || strcmp(key, "started") == 0) {
			fputs(key[0] == 'h' ? " on " : ", ", out);
			escape_markup_format(out, "%.19s", report->facts[i].value);
			fputs(key[0] == 'h' ? "" : " UTC", out);
		}
	}
	fputs("</p>\n", out);
}

static void print_verdict(FILE *out, const struct report *report)
{
	fprintf(out,
	    "<section id=\"verdict\" class=\"verdict %s\" aria-labelledby=\"verdict-heading\">\n"
	    "<h1 id=\"verdict-heading\">",
	    verdict_classes[report->tone]);
	print_headline(out, report);
	fputs("</h1>\n", out);
	print_about(out, report);
	print_list(out, report->reasons);
	fputs("</section>\n", out);
	if (!report->changes)
		return;
	fputs("<section id=\"changes\" aria-labelledby=\"changes-heading\">\n"
	      "<h2 id=\"changes-heading\">What would change this verdict</h2>\n",
	    out);
	print_list(out, report->changes);
	fputs("</section>\n", out);
}

static bool has_charts_before(const struct report *report, size_t table)
{
	return report->verdict && table == CHARTS_BEFORE;
}

static void print_links(FILE *out, const struct report *report)
{
	fputs("<a class=\"skip\" href=\"#main\">Skip to the verdict</a>\n<header>\n<p>leaklab</p>\n"
	      "<nav aria-label=\"Parts of the report\"><ul>\n",
	    out);
	for (size_t i = 0; i < report->table_count; i++) {
		const struct table *table = &report->tables[i];
		if (has_charts_before(report, i))
			fputs("<li><a href=\"#charts\">Charts</a></li>\n", out);
		if (table_is_shown(table, IN_HTML))
			fprintf(out, "<li><a href=\"#%s\">%s</a></li>\n", table->id, table->title);
	}
	fputs("</ul></nav>\n</header>\n", out);
}

/* What an observer printed, as far as it is shown. */
static void print_output(FILE *out, const struct capture *capture, const struct output *output)
{
	if (!output->text)
		return;
	fputs("<details class=\"long\"><summary>What ", out);
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

static void print_outputs(FILE *out, const struct report *report)
{
	if (report->captures.count)
		fputs(
		    "<p class=\"print-only\">What the observers printed is in the HTML file.</p>\n",
		    out);
	for (size_t i = 0; i < report->captures.count; i++)
		print_output(out, &report->captures.items[i], &report->outputs[i]);
}

static void print_scenario(FILE *out, const struct report *report)
{
	if (!report->scenario)
		return;
	fputs("<details><summary>The scenario</summary><pre tabindex=\"0\">", out);
	escape_markup(out, report->scenario);
	fputs("</pre></details>\n", out);
}

static void open_section(FILE *out, const char *id, const char *title)
{
	fprintf(out,
	    "<section id=\"%s\" aria-labelledby=\"%s-heading\">\n<h2 id=\"%s-heading\">%s</h2>\n",
	    id, id, id, title);
}

static bool print_charts(FILE *out, const struct chart charts[CHART_COUNT], struct error *error)
{
	open_section(out, "charts", "Charts");
	if (chart_js_size == 0)
		fputs(
		    "<p>This report was made by a leaklab that was built without Chart.js: it has "
		    "the tables only.</p>\n",
		    out);
	fputs("<div class=\"charts\">\n", out);
	const bool good = html_charts(out, charts, error);
	fputs("</div>\n</section>\n", out);
	return good;
}

static void print_table(FILE *out, const struct table *table)
{
	open_section(out, table->id, table->title);
	if (table->cell_count) {
		html_table(out, table);
	} else {
		fputs("<p>", out);
		escape_markup(out, table->empty);
		fputs("</p>\n", out);
	}
}

static bool print_sections(FILE *out, const struct report *report,
    const struct chart charts[CHART_COUNT], struct error *error)
{
	bool good = true;
	for (size_t i = 0; i < report->table_count; i++) {
		if (has_charts_before(report, i))
			good = print_charts(out, charts, error);
		if (!table_is_shown(&report->tables[i], IN_HTML))
			continue;
		print_table(out, &report->tables[i]);
		if (report->verdict && i == TABLE_OUTPUTS)
			print_outputs(out, report);
		if (report->verdict && i == TABLE_ENVIRONMENT)
			print_scenario(out, report);
		fputs("</section>\n", out);
	}
	return good;
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

static bool print_body(FILE *out, const struct report *report,
    const struct chart charts[CHART_COUNT], struct error *error)
{
	fputs("<body>\n", out);
	print_links(out, report);
	fputs("<main id=\"main\" tabindex=\"-1\">\n", out);
	print_verdict(out, report);
	if (!print_sections(out, report, charts, error))
		return false;
	fputs("</main>\n<footer><p>Made by leaklab " LEAKLAB_VERSION " from ", out);
	escape_markup(out, report->name);
	fputs(".</p></footer>\n", out);
	if (report->verdict && !print_scripts(out, charts, error))
		return false;
	fputs("</body>\n</html>\n", out);
	return true;
}

static bool render(const struct report *report, FILE *out, struct error *error)
{
	struct chart charts[CHART_COUNT] = {{0}};
	const bool made = !report->verdict || charts_make(charts, report) || error_memory(error);
	const bool good = made &&
	                  (print_head(out, report) ||
	                      error_set(error, EXIT_TARGET, "hashing the page's scripts failed")) &&
	                  print_body(out, report, charts, error);
	charts_deinit(charts);
	return good;
}

const struct renderer renderer_html = {
    .name = "html", .suffix = ".html", .full = true, .render = render};
