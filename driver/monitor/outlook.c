#include "driver/monitor/outlook.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "judge/judge.h"

struct outlook {
	char *path;
	pthread_t thread;
	pthread_mutex_t mutex; /* for all below */
	pthread_cond_t changed;
	bool asked, ending;
	struct outlook_view view;
};

void outlook_fill(struct outlook_view *view, const struct verdict *verdict)
{
	view->known = true;
	view->is_leak = verdict_is_proven(verdict);
	view->leaks = verdict_leaks(verdict);
	view->young = verdict->young + verdict->referred_ids;
	view->counted = verdict->n;
	memset(view->holders, 0, sizeof(view->holders));
	for (size_t i = 0; i < OUTLOOK_HOLDERS && i < verdict->culprit_count; i++) {
		const struct culprit *culprit = &verdict->culprits[i];
		char name[PROCESS_WORDS];
		snprintf(view->holders[i], OUTLOOK_TEXT, "%s: %lld%s",
		    process_words(culprit->image, culprit->pid, NULL, name),
		    (long long)(culprit->logon_sessions + culprit->session_ids),
		    culprit->follower ? ", follows" : "");
	}
}

static void judge_now(struct outlook *outlook)
{
	const struct judge_terms terms = {.release_time = NUMBER_UNKNOWN, .allow_partial = true};
	struct error error;
	struct runfile *runfile = runfile_open_own(outlook->path, &error);
	struct verdict *verdict = runfile ? judge_run(runfile, &terms, &error) : NULL;

	pthread_mutex_lock(&outlook->mutex);
	if (verdict)
		outlook_fill(&outlook->view, verdict);
	pthread_mutex_unlock(&outlook->mutex);
	verdict_destroy(verdict);
	runfile_close(runfile);
}

static void *judge_when_asked(void *data)
{
	struct outlook *outlook = data;

	/* The load comes first. On Linux a thread has a priority of its own (setpriority(2), "C library/kernel differences"). */
	setpriority(PRIO_PROCESS, 0, 10);
	pthread_mutex_lock(&outlook->mutex);
	while (!outlook->ending) {
		if (!outlook->asked) {
			pthread_cond_wait(&outlook->changed, &outlook->mutex);
			continue;
		}
		outlook->asked = false;
		pthread_mutex_unlock(&outlook->mutex);
		judge_now(outlook);
		pthread_mutex_lock(&outlook->mutex);
	}
	pthread_mutex_unlock(&outlook->mutex);
	return NULL;
}

struct outlook *outlook_create(const char *path, int64_t needed, struct error *error)
{
	struct outlook *outlook = calloc(1, sizeof(*outlook));
	sigset_t all, before;

	if (!outlook || !(outlook->path = strdup(path))) {
		free(outlook);
		error_memory(error);
		return NULL;
	}
	outlook->view.needed = needed;
	pthread_mutex_init(&outlook->mutex, NULL);
	pthread_cond_init(&outlook->changed, NULL);
	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	const bool started = pthread_create(&outlook->thread, NULL, judge_when_asked, outlook) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		return outlook;
	free(outlook->path);
	free(outlook);
	error_set(error, EXIT_TARGET, "no thread could be started to judge beside the run");
	return NULL;
}

void outlook_ask(struct outlook *outlook)
{
	pthread_mutex_lock(&outlook->mutex);
	outlook->asked = true;
	pthread_cond_signal(&outlook->changed);
	pthread_mutex_unlock(&outlook->mutex);
}

void outlook_look(struct outlook *outlook, struct outlook_view *view)
{
	pthread_mutex_lock(&outlook->mutex);
	*view = outlook->view;
	pthread_mutex_unlock(&outlook->mutex);
}

void outlook_destroy(struct outlook *outlook)
{
	if (!outlook)
		return;
	pthread_mutex_lock(&outlook->mutex);
	outlook->ending = true;
	pthread_cond_signal(&outlook->changed);
	pthread_mutex_unlock(&outlook->mutex);
	pthread_join(outlook->thread, NULL);
	pthread_mutex_destroy(&outlook->mutex);
	pthread_cond_destroy(&outlook->changed);
	free(outlook->path);
	free(outlook);
}
