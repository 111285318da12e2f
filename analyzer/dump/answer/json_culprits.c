/* The culprits of leaklab.dump/3: who holds the orphans, who made their tokens, and by which stacks. */
#include "dump/answer/inside.h"

#include "evidence/snapshot.h"

#define BRANCHES_SHOWN 8

/* ---- who ---- */

static void put_holder_name(
    struct json_writer *writer, const struct kernel *kernel, const struct dump_holder *holder)
{
	static const char *const kinds[] = {[DUMP_HOLDER_PROCESS] = "process",
	    [DUMP_HOLDER_OWN] = "own_token",
	    [DUMP_HOLDER_KERNEL] = "kernel",
	    [DUMP_HOLDER_UNSEEN] = "unseen"};
	write_string(writer, "kind", kinds[holder->kind]);
	if (holder->kind == DUMP_HOLDER_UNSEEN)
		write_unknown(writer, "image");
	if (holder->kind == DUMP_HOLDER_KERNEL && kernel->moved)
		write_boolean(writer, "probable", true);
	if (holder->kind != DUMP_HOLDER_PROCESS)
		return;
	const struct kernel_process *process = &kernel->processes[holder->process];
	put_image(writer, process->image, process->image_is_cut);
	write_number(writer, "pid", (int64_t)process->pid);
	if (!process->is_alive)
		write_boolean(writer, "exited", true);
}

static void put_creator_name(
    struct json_writer *writer, const struct kernel *kernel, const struct dump_creator *creator)
{
	put_image(writer, creator->stake.culprit.image, creator->image_is_cut);
	if (creator->process != KERNEL_NONE)
		write_number(writer, "pid", (int64_t)kernel->processes[creator->process].pid);
	if (creator->process == KERNEL_NONE && kernel_missing_of(kernel, THING_PROCESS) > 0)
		write_unknown(writer, "exited"); /* it may be one that could not be read */
	else
		write_boolean(writer, "exited", creator->process == KERNEL_NONE);
}

static void put_stake(struct json_writer *writer, const struct dump_stake *stake)
{
	write_number(writer, "orphans", stake->culprit.logon_sessions);
	write_number(writer, "alone", stake->culprit.alone);
	write_number(writer, "tokens", stake->culprit.tokens);
	write_boolean(writer, "follower", stake->culprit.follower);
	write_boolean(writer, "tied", stake->tied);
}

/* ---- holders ---- */

static void put_holder(
    struct json_writer *writer, const struct answer *answer, const struct dump_holder *holder)
{
	static const char *const kinds[] = {[HOLDER_HANDLE] = "handles",
	    [HOLDER_PRIMARY] = "primary_tokens",
	    [HOLDER_THREAD] = "threads",
	    [HOLDER_SESSION] = "own_tokens",
	    [HOLDER_EXITED] = "handles_to_exited_processes"};
	write_open(writer, NULL, '{');
	put_holder_name(writer, answer->kernel, holder);
	put_stake(writer, &holder->stake);
	if (holder->id_tokens > 0)
		write_number(writer, "tokens_of_session_ids", holder->id_tokens);
	for (unsigned i = 0; i < HOLDER_KINDS; i++)
		if (holder->by[i] > 0)
			write_number(writer, kinds[i], (int64_t)holder->by[i]);
	if (holder->kind == DUMP_HOLDER_KERNEL || holder->kind == DUMP_HOLDER_UNSEEN)
		write_number(writer, "references", (int64_t)holder->references);
	write_number(writer, "captures", (int64_t)holder->captures);
	if (answer->kernel->tracking == TRACKING_ON) {
		if (holder->kind == DUMP_HOLDER_PROCESS)
			write_number(writer, "made_itself", holder->made_itself);
		write_open(writer, "creators", '[');
		for (uint32_t i = holder->links; i != KERNEL_NONE;
		     i = answer->links[i].next_of_holder) {
			write_open(writer, NULL, '{');
			put_creator_name(
			    writer, answer->kernel, &answer->creators[answer->links[i].creator]);
			write_number(writer, "tokens", answer->links[i].tokens);
			write_close(writer, '}');
		}
		write_close(writer, ']');
	}
	write_close(writer, '}');
}

/* ---- creators ---- */

static void put_path(struct json_writer *writer, const struct telling *telling,
    const struct dump_creator *creator, const struct dump_path *path)
{
	const struct answer *answer = telling->answer;
	const struct dump_variant *variant = &answer->variants[path->first];
	struct path_branch branches[BRANCHES_SHOWN];
	char frame[KERNEL_FRAME_TEXT];
	write_open(writer, NULL, '{');
	put_method(writer, path->method);
	write_number(writer, "tokens", path->tokens);
	write_number(writer, "variants", path->variants);
	write_open(writer, "frames", '[');
	for (uint32_t i = 0; i < path->frames; i++)
		write_string(writer, NULL,
		    kernel_frame_text(telling->kernel, telling->store, creator->pids[0],
		        creator->stake.culprit.image, variant->stack->frame[i], frame));
	write_close(writer, ']');
	if (path->variants > 1) {
		const uint32_t count = path_branches(answer, path, branches, BRANCHES_SHOWN);
		write_open(writer, "next", '[');
		for (uint32_t i = 0; i < count && i < BRANCHES_SHOWN; i++) {
			write_open(writer, NULL, '{');
			write_string(writer, "frame",
			    kernel_frame_text(telling->kernel, telling->store, creator->pids[0],
			        creator->stake.culprit.image, branches[i].frame, frame));
			write_number(writer, "tokens", branches[i].tokens);
			write_close(writer, '}');
		}
		write_close(writer, ']');
		if (count > BRANCHES_SHOWN)
			write_number(writer, "more_next", count - BRANCHES_SHOWN);
	}
	write_close(writer, '}');
}

static void put_creator(
    struct json_writer *writer, const struct telling *telling, const struct dump_creator *creator)
{
	const struct answer *answer = telling->answer;
	write_open(writer, NULL, '{');
	put_creator_name(writer, answer->kernel, creator);
	if (creator->process == KERNEL_NONE) {
		write_open(writer, "pids", '[');
		for (uint32_t i = 0; i < creator->pid_count && i < CREATOR_PIDS; i++)
			write_number(writer, NULL, (int64_t)creator->pids[i]);
		write_close(writer, ']');
		if (creator->pid_count > CREATOR_PIDS)
			write_boolean(writer, "more_pids", true);
	}
	put_stake(writer, &creator->stake);
	write_boolean(writer, "for_others", image_makes_for_others(creator->stake.culprit.image));
	write_number(writer, "held_itself", creator->held_itself);
	write_number_seen(writer, "tokens_unheld", creator->unheld, creator->unseen == 0);
	write_number(writer, "captures", (int64_t)creator->captures);
	write_open(writer, "holders", '[');
	for (uint32_t i = creator->links; i != KERNEL_NONE; i = answer->links[i].next_of_creator) {
		write_open(writer, NULL, '{');
		put_holder_name(writer, answer->kernel, &answer->holders[answer->links[i].holder]);
		write_number(writer, "tokens", answer->links[i].tokens);
		write_close(writer, '}');
	}
	write_close(writer, ']');
	write_open(writer, "stacks", '[');
	for (uint32_t i = 0; i < creator->path_count; i++)
		put_path(writer, telling, creator, &answer->paths[creator->first_path + i]);
	write_close(writer, ']');
	write_close(writer, '}');
}

void put_culprits(struct json_writer *writer, const struct telling *telling)
{
	const struct answer *answer = telling->answer;
	write_open(writer, "holders", '[');
	for (uint32_t i = 0; i < answer->holder_count; i++)
		put_holder(writer, answer, &answer->holders[i]);
	write_close(writer, ']');
	write_open(writer, "creators", '[');
	for (uint32_t i = 0; i < answer->creator_count; i++)
		put_creator(writer, telling, &answer->creators[i]);
	write_close(writer, ']');
	if (answer->unknown_creator > 0)
		write_number(writer, "tokens_of_unknown_creator", answer->unknown_creator);
}
