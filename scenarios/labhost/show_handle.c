#include "labhost/show.h"

#include "labhost/handle_name.h"

static void process_rows(
    const struct show_context *context, const struct nt_process *process, FILE *out, size_t *rows)
{
	char name[512];

	for (size_t slot = 0; slot < process->table_size; slot++) {
		const struct nt_handle *handle = process->table[slot];

		/* It searches names, and those of processes and threads have no LUID. */
		if (!handle ||
		    (context->luid && (handle->target || handle->logon->luid != context->luid)))
			continue;
		fprintf(out, "%-18s pid: %-6u type: %-14s%5X: %s\r\n", process->image, process->pid,
		    handle_type(handle), handle->value, handle_name(handle, name, sizeof(name)));
		++*rows;
	}
}

bool show_handle(const struct show_context *context, FILE *out, struct error *error)
{
	const struct nt_process *process;
	size_t rows = 0;

	(void)error;
	fputs("\r\nNthandle v5.0 - Handle viewer\r\n"
	      "Copyright (C) 1997-2022 Mark Russinovich\r\n"
	      "Sysinternals - www.sysinternals.com\r\n\r\n",
	    out);
	TAILQ_FOREACH(process, model_processes(context->model), link)
	process_rows(context, process, out, &rows);
	if (rows == 0)
		fputs("No matching handles found.\r\n", out);
	return true;
}
