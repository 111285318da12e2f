/* What processes keep outside RDS sessions, as a table for people. */
#include "dump/answer/inside.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"

#define ROWS_SHOWN 20
#define KEEPER_MOST 14
#define KEEPER_COLUMNS(name) ((int)strlen(name) < KEEPER_MOST ? (int)strlen(name) : KEEPER_MOST)

void print_kept(const struct telling *telling, FILE *out)
{
	const struct answer *answer = telling->answer;
	const uint32_t shown =
	    telling->verbose || answer->kept_count < ROWS_SHOWN ? answer->kept_count : ROWS_SHOWN;
	if (shown == 0)
		return;
	fprintf(out,
	    "\nLogon sessions of session 0 that only handles of one process keep:\n"
	    "%7s  %-18s  %-23s  %s\n",
	    "NUMBER", "TYPE", "USER", "HOLDER");
	for (uint32_t i = 0; i < shown; i++) {
		const struct kept_logons *row = &answer->kept[i];
		const struct kernel_process *process = &answer->kernel->processes[row->process];
		char account[600];
		snprintf(account, sizeof account, "%.255s%s%.255s", row->domain ? row->domain : "",
		    row->domain && *row->domain ? "\\" : "", row->user ? row->user : "?");
		fprintf(out, "%7u  %-18s  ", row->count, kernel_logon_type_text(row->type));
		text_print_column(out, account, 23);
		fputs("  ", out);
		text_print_column(out, process->image, KEEPER_COLUMNS(process->image));
		fprintf(out, "%s (%" PRIu64 ")\n", cut_mark(process->image_is_cut), process->pid);
	}
	if (shown < answer->kept_count)
		fprintf(out, "... and %u more (--verbose shows all)\n", answer->kept_count - shown);
}
