/* Tokens of leaklab.dump/3: groups of those that are alike, or each of them, with who made it and who holds it. */
#include "dump/answer/inside.h"

#include "dump/answer/token_groups.h"
#include "evidence/snapshot.h"

void put_image(struct json_writer *writer, const char *name, bool is_cut)
{
	write_string(writer, "image", name);
	if (name && is_cut)
		write_boolean(writer, "image_cut", true);
}

void put_method(struct json_writer *writer, uint32_t method)
{
	switch (method) {
	case METHOD_CREATE:
		write_string(writer, "method", "create");
		break;
	case METHOD_DUPLICATE:
		write_string(writer, "method", "duplicate");
		break;
	case METHOD_FILTER:
		write_string(writer, "method", "filter");
		break;
	default:
		write_number(writer, "method", method);
	}
}

static void put_holder_of(
    struct json_writer *writer, const struct kernel *kernel, uint32_t process, unsigned kind)
{
	static const char *const kinds[] = {
	    "handle", "primary_token", "thread", "session_token", "exited_process"};
	write_string(writer, "kind", kinds[kind]);
	if (process == KERNEL_NONE)
		return;
	put_image(
	    writer, kernel->processes[process].image, kernel->processes[process].image_is_cut);
	write_number(writer, "pid", (int64_t)kernel->processes[process].pid);
	if (!kernel->processes[process].is_alive)
		write_boolean(writer, "exited", true);
}

/* tid: NUMBER_UNKNOWN for those of several tokens. */
static void put_creation(
    struct json_writer *writer, const struct kernel_token *token, int64_t tid, int64_t captures)
{
	if (!token->creator_image)
		return;
	write_open(writer, "created_by", '{');
	put_image(writer, token->creator_image, token->creator_is_cut);
	write_number(writer, "pid", (int64_t)token->creator_pid);
	write_number(writer, "tid", tid);
	put_method(writer, token->method);
	write_number(writer, "captures", captures);
	write_close(writer, '}');
}

/* The handle, and what has exited with the token as its primary one. */
static void put_exited(struct json_writer *writer, const struct kernel *kernel,
    const struct kernel_holder *holder, const struct kernel_token *token)
{
	write_address(writer, "handle", holder->value);
	for (uint32_t i = 0; i < kernel->kept_count; i++) {
		const struct kernel_kept *kept = &kernel->kept[i];
		const struct kernel_process *target = &kernel->processes[kept->target];
		if (kept->process != holder->process || kept->value != holder->value ||
		    target->primary == KERNEL_NONE || &kernel->tokens[target->primary] != token)
			continue;
		write_open(writer, "exited_process", '{');
		put_image(writer, target->image, target->image_is_cut);
		write_number(writer, "pid", (int64_t)target->pid);
		if (kept->tid)
			write_number(writer, "tid", (int64_t)kept->tid);
		write_close(writer, '}');
		return;
	}
}

/* What tokens alike have in common. */
static void put_kind(struct json_writer *writer, const struct kernel_token *token)
{
	write_boolean(writer, "read", token->is_read);
	if (!token->is_read)
		return;
	write_number(writer, "session_id", kernel_session_id(token->session_id));
	write_string(writer, "user_sid", token->user);
	if (token->type)
		write_string(writer, "type", token->type == 2 ? "impersonation" : "primary");
	if (token->type == 2)
		write_number(writer, "level", token->level);
	write_address(writer, "flags", token->flags);
}

static void put_stack(
    struct json_writer *writer, const struct telling *telling, const struct kernel_token *token)
{
	char frame[KERNEL_FRAME_TEXT];
	write_open(writer, "stack", '[');
	for (uint32_t i = 0; i < token->stack->count; i++)
		write_string(writer, NULL,
		    kernel_frame_text(telling->kernel, telling->store, token->creator_pid,
		        token->creator_image, token->stack->frame[i], frame));
	write_close(writer, ']');
}

static void put_token(
    struct json_writer *writer, const struct telling *telling, const struct kernel_token *token)
{
	const struct kernel *kernel = telling->kernel;
	write_open(writer, NULL, '{');
	write_address(writer, "address", token->address);
	if (token->is_read)
		write_address(writer, "id", token->id);
	put_kind(writer, token);
	if (token->handles != KERNEL_HANDLES_UNKNOWN)
		write_number(writer, "handle_count", token->handles);
	put_creation(writer, token, (int64_t)token->creator_tid, token->captures);
	if (token->stack)
		put_stack(writer, telling, token);
	write_open(writer, "holders", '[');
	for (uint32_t i = token->holders; i != KERNEL_NONE; i = kernel->holders[i].next) {
		const struct kernel_holder *holder = &kernel->holders[i];
		write_open(writer, NULL, '{');
		put_holder_of(writer, kernel, holder->process, holder->kind);
		if (holder->kind == HOLDER_HANDLE)
			write_address(writer, "handle", holder->value);
		else if (holder->kind == HOLDER_EXITED)
			put_exited(writer, kernel, holder, token);
		else if (holder->kind == HOLDER_THREAD)
			write_number(writer, "tid", (int64_t)holder->value);
		write_close(writer, '}');
	}
	write_close(writer, ']');
	write_close(writer, '}');
}

static void put_group(
    struct json_writer *writer, const struct kernel *kernel, const struct token_group *group)
{
	const struct kernel_token *token = &kernel->tokens[group->token];
	write_open(writer, NULL, '{');
	write_number(writer, "count", group->count);
	put_kind(writer, token);
	put_creation(writer, token, NUMBER_UNKNOWN, group->captures);
	write_open(writer, "holders", '[');
	for (uint32_t i = token->holders, next; i != KERNEL_NONE; i = next) {
		const struct kernel_holder *holder = &kernel->holders[i];
		int64_t times = 0;
		for (next = i;
		     next != KERNEL_NONE && kernel->holders[next].process == holder->process &&
		     kernel->holders[next].kind == holder->kind;
		     next = kernel->holders[next].next)
			times += group->count;
		write_open(writer, NULL, '{');
		put_holder_of(writer, kernel, holder->process, holder->kind);
		write_number(writer, "count", times);
		write_close(writer, '}');
	}
	write_close(writer, ']');
	write_close(writer, '}');
}

void put_tokens(struct json_writer *writer, const struct telling *telling,
    struct token_groups *groups, uint32_t number)
{
	const struct kernel *kernel = telling->kernel;
	const struct kernel_logon_session *logon = &kernel->logons[number];
	write_number(writer, "token_count", logon->token_count);
	if (token_groups_make(groups, kernel, number)) {
		write_open(writer, "token_groups", '[');
		for (uint32_t i = 0; i < groups->count; i++)
			put_group(writer, kernel, &groups->items[i]);
		write_close(writer, ']');
	} else {
		write_unknown(writer, "token_groups"); /* memory is out */
	}
	if (!telling->all)
		return;
	write_open(writer, "tokens", '[');
	for (uint32_t i = logon->tokens; i != KERNEL_NONE; i = kernel->tokens[i].next_of_session)
		put_token(writer, telling, &kernel->tokens[i]);
	write_close(writer, ']');
}
