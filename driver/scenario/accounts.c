/* Knows where test accounts come from, and who of them may log on. */
#include "driver/scenario/accounts.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "driver/scenario/account_file.h"
#include "driver/scenario/refusals.h"

#define ACCOUNTS_MAX 100000
#define TEXT_MAX 127 /* of a name; MS-RDPBCGR allows 256 bytes of UTF-16 with the NUL */

struct accounts {
	struct account *items;
	size_t count;
	size_t usable;
	size_t *queue; /* ring of indexes in the order of their rest */
	size_t head;
	size_t waiting;
	char *host; /* of accounts without a domain; NULL: refusals are not remembered */
	int64_t window;
};

static void free_account(struct account *account)
{
	free(account->user);
	free(account->domain);
	password_wipe(account->password);
}

void accounts_destroy(struct accounts *accounts)
{
	if (!accounts)
		return;
	for (size_t i = 0; i < accounts->count; i++)
		free_account(&accounts->items[i]);
	free(accounts->items);
	free(accounts->queue);
	free(accounts->host);
	free(accounts);
}

static bool add(struct accounts *accounts, const char *user, const char *domain,
    const char *password, struct error *error)
{
	struct account account = {0};

	if (strlen(user) == 0 || strlen(user) > TEXT_MAX || strlen(domain) > TEXT_MAX)
		return error_set(error, EXIT_USAGE,
		    "account \"%.40s\": user and domain must have 1 to %d bytes", user, TEXT_MAX);
	if (strlen(password) > PASSWORD_MAX)
		return error_set(error, EXIT_USAGE,
		    "account %s: the password is longer than %d bytes", user, PASSWORD_MAX);
	if (accounts->count == ACCOUNTS_MAX)
		return error_set(error, EXIT_USAGE, "more than %d accounts", ACCOUNTS_MAX);
	if (!array_reserve(&accounts->items, accounts->count, sizeof *accounts->items))
		return error_memory(error);
	account.user = strdup(user);
	account.domain = strdup(domain);
	account.password = strdup(password);
	accounts->items[accounts->count++] = account;
	if (!account.user || !account.domain || !account.password)
		return error_memory(error);
	return true;
}

/* "loadtest{001..050}": the digits' number of places is kept. Without braces: one account. */
static bool add_pattern(struct accounts *accounts, const char *pattern, const char *domain,
    const char *password, struct error *error)
{
	const char *brace = strchr(pattern, '{');
	char user[2 * TEXT_MAX + 32];
	int from_end = 0;
	int end = 0;
	unsigned from;
	unsigned to;

	if (!strpbrk(pattern, "{}"))
		return add(accounts, pattern, domain, password, error);
	if (!brace || strlen(pattern) > TEXT_MAX ||
	    sscanf(brace, "{%u%n..%u}%n", &from, &from_end, &to, &end) != 2 || end == 0 ||
	    strpbrk(brace + end, "{}") || to < from || to - from >= ACCOUNTS_MAX)
		return error_set(error, EXIT_USAGE,
		    "accounts.users: \"%s\": write the range like loadtest{01..20}, the lesser "
		    "number first",
		    pattern);
	for (unsigned number = from; number <= to; number++) {
		snprintf(user, sizeof(user), "%.*s%0*u%s", (int)(brace - pattern), pattern,
		    from_end - 1, number, brace + end);
		if (!add(accounts, user, domain, password, error))
			return false;
	}
	return true;
}

static bool add_to(
    void *accounts, const char *user, const char *domain, const char *password, struct error *error)
{
	return add(accounts, user, domain, password, error);
}

static bool fill(struct accounts *accounts, const struct scenario_accounts *scenario,
    const char *folder, const char *password, struct error *error)
{
	const char *domain = scenario->domain ? scenario->domain : "";
	char *path;
	bool done;

	if (scenario->users)
		return add_pattern(accounts, scenario->users, domain, password, error);
	path = expand_path(scenario->csv, folder, error);
	if (!path)
		return false;
	done = account_file_read(path, domain, password, add_to, accounts, error);
	if (done && accounts->count == 0)
		done = error_set(error, EXIT_USAGE, "account file %s: has no accounts", path);
	free(path);
	return done;
}

static bool build_queue(struct accounts *accounts, struct error *error)
{
	accounts->queue = calloc(accounts->count, sizeof(*accounts->queue));
	if (!accounts->queue)
		return error_memory(error);
	for (size_t i = 0; i < accounts->count; i++)
		accounts->queue[i] = i;
	accounts->waiting = accounts->count;
	accounts->usable = accounts->count;
	return true;
}

static int compare_names(const void *a, const void *b)
{
	const struct account *const *one = a;
	const struct account *const *other = b;
	const int order = strcasecmp((*one)->user, (*other)->user);

	return order ? order : strcasecmp((*one)->domain, (*other)->domain);
}

/* Windows does not tell names by case. The same account twice would log on twice at once. */
static bool check_unique(const struct accounts *accounts, struct error *error)
{
	const struct account **sorted = calloc(accounts->count, sizeof(struct account *));
	bool unique = true;

	if (!sorted)
		return error_memory(error);
	for (size_t i = 0; i < accounts->count; i++)
		sorted[i] = &accounts->items[i];
	qsort(sorted, accounts->count, sizeof(struct account *), compare_names);
	for (size_t i = 1; i < accounts->count && unique; i++)
		if (compare_names(&sorted[i - 1], &sorted[i]) == 0)
			unique = error_set(error, EXIT_USAGE,
			    "account %s is listed twice; remove one", sorted[i]->user);
	free(sorted);
	return unique;
}

struct accounts *accounts_create(const struct scenario_accounts *scenario, const char *folder,
    const char *password, struct error *error)
{
	struct accounts *accounts = calloc(1, sizeof(*accounts));
	char *from_file = NULL;

	if (!accounts) {
		error_memory(error);
		return NULL;
	}
	if (scenario->password_file)
		password = from_file = password_from_file(scenario->password_file, folder, error);
	if ((scenario->password_file && !password) ||
	    !fill(accounts, scenario, folder, password, error) || !check_unique(accounts, error) ||
	    !build_queue(accounts, error)) {
		accounts_destroy(accounts);
		accounts = NULL;
	}
	password_wipe(from_file);
	return accounts;
}

bool accounts_keep_share(struct accounts *accounts, const struct share *share, struct error *error)
{
	size_t kept = 0;

	for (size_t i = 0; i < accounts->count; i++) {
		if (share_has(share, i)) {
			accounts->items[kept++] = accounts->items[i];
			continue;
		}
		free_account(&accounts->items[i]);
	}
	accounts->count = kept;
	free(accounts->queue);
	accounts->queue = NULL;
	return build_queue(accounts, error);
}

size_t accounts_count(const struct accounts *accounts)
{
	return accounts->count;
}

const struct account *accounts_at(const struct accounts *accounts, size_t index)
{
	return &accounts->items[index];
}

size_t accounts_usable(const struct accounts *accounts)
{
	return accounts->usable;
}

struct account *accounts_take(struct accounts *accounts)
{
	struct account *account;

	if (accounts->waiting == 0)
		return NULL;
	account = &accounts->items[accounts->queue[accounts->head]];
	accounts->head = (accounts->head + 1) % accounts->count;
	accounts->waiting--;
	account->busy = true;
	return account;
}

static void take_up(
    struct accounts *accounts, struct account *account, const struct refusal *refusal)
{
	account->refusals = refusal->count;
	if (refusal->count >= ACCOUNT_REFUSALS_MAX) {
		account->stopped = true;
		accounts->usable--;
	}
}

/* Keeps in `remembered` those of these accounts. */
static bool take_up_all(struct accounts *accounts, struct refusals *remembered, struct error *error)
{
	bool *ours = calloc(remembered->count + 1, sizeof *ours);
	bool done = ours || error_memory(error);

	for (size_t i = 0; done && remembered->count > 0 && i < accounts->count; i++) {
		struct account *account = &accounts->items[i];
		char *name = refusals_account(accounts->host, account->domain, account->user);
		const struct refusal *refusal = name ? refusals_find(remembered, name) : NULL;

		done = name || error_memory(error);
		if (refusal) {
			take_up(accounts, account, refusal);
			ours[refusal - remembered->items] = true;
		}
		free(name);
	}
	if (done)
		refusals_keep(remembered, ours);
	free(ours);
	return done;
}

bool accounts_recall(struct accounts *accounts, const char *host, int64_t window,
    const char *others, struct refusals *remembered, struct error *error)
{
	accounts->host = strdup(host);
	accounts->window = window;
	if (!accounts->host)
		return error_memory(error);
	if (!refusals_read(remembered, error) ||
	    (others && !refusals_take(remembered, others, error)) ||
	    !take_up_all(accounts, remembered, error)) {
		free(accounts->host);
		accounts->host = NULL;
		return false;
	}
	accounts->waiting = 0;
	for (size_t i = 0; i < accounts->count; i++)
		if (!accounts->items[i].stopped)
			accounts->queue[accounts->waiting++] = i;
	return true;
}

/* What other runs are to know of the account. */
static void remember(const struct accounts *accounts, struct account *account,
    enum account_outcome outcome, struct error *error)
{
	char *name = refusals_account(accounts->host, account->domain, account->user);
	unsigned count = 0;

	if (!name)
		error_memory(error);
	else if (outcome == ACCOUNT_ACCEPTED)
		refusals_forget(name, NULL, error);
	else if (refusals_add(name, outcome == ACCOUNT_BARRED ? ACCOUNT_REFUSALS_MAX : 1,
	             accounts->window, &count, error) &&
	         count > account->refusals)
		account->refusals = count; /* another run had some meanwhile */
	free(name);
}

bool accounts_give_back(struct accounts *accounts, struct account *account,
    enum account_outcome outcome, struct error *unremembered)
{
	const bool changes =
	    outcome == ACCOUNT_ACCEPTED ? account->refusals > 0 : outcome != ACCOUNT_UNTRIED;

	unremembered->text[0] = '\0';
	account->busy = false;
	if (outcome == ACCOUNT_ACCEPTED)
		account->refusals = 0;
	else if (outcome != ACCOUNT_UNTRIED)
		account->refusals++;
	if (changes && accounts->host)
		remember(accounts, account, outcome, unremembered);
	if (account->refusals >= ACCOUNT_REFUSALS_MAX || outcome == ACCOUNT_BARRED) {
		account->stopped = true;
		accounts->usable--;
		return true;
	}
	accounts->queue[(accounts->head + accounts->waiting) % accounts->count] =
	    (size_t)(account - accounts->items);
	accounts->waiting++;
	return false;
}
