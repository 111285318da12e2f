/* A thread makes the machinery of TLS once, not once a connection; nobody else has it, and nothing of a connection stays in it. */
#include "tests/unit/unit.h"

#include <pthread.h>

#include <openssl/ssl.h>

#include "driver/workarounds/libfreerdp.c" /* NOLINT(bugprone-suspicious-include): whose code is served is its own affair */
#include "driver/workarounds/workarounds.h"

static int serve_all(void **state)
{
	code = 1;
	code_end = UINTPTR_MAX;
	return unit_count_descriptors(state);
}

/* The context of a connection that is over by now. It is the caller's to free, so that no other one can have its address. */
static SSL_CTX *use(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	assert_non_null(context);
	SSL *tls = SSL_new(context);
	assert_non_null(tls);
	SSL_free(tls);
	return context;
}

static void connections_of_a_thread_have_one_context(void **state)
{
	SSL_CTX *first = use(), *second = use();
	(void)state;

	assert_true(tls_context_is_used());
	assert_ptr_equal(first, second);
	SSL_CTX_free(first);
	SSL_CTX_free(second);
	SSL *later = SSL_new(second); /* the thread has it still */
	assert_non_null(later);
	SSL_free(later);
}

static void *use_in_a_thread(void *unused)
{
	(void)unused;
	return use();
}

static void another_thread_has_its_own(void **state)
{
	SSL_CTX *own = use();
	pthread_t thread;
	void *other;
	(void)state;

	assert_int_equal(pthread_create(&thread, NULL, use_in_a_thread, NULL), 0);
	pthread_join(thread, &other);
	assert_non_null(other);
	assert_ptr_not_equal(other, own);
	SSL_CTX_free(own);
	SSL_CTX_free(other); /* the thread's end has let go of its */
}

static void a_server_gets_a_new_one_each_time(void **state)
{
	SSL_CTX *first = SSL_CTX_new(TLS_server_method()),
	        *second = SSL_CTX_new(TLS_server_method());
	(void)state;

	assert_non_null(first);
	assert_ptr_not_equal(first, second);
	SSL_CTX_free(first);
	SSL_CTX_free(second);
}

static void a_library_that_is_not_freerdp_gets_a_new_one(void **state)
{
	SSL_CTX *own = use();
	(void)state;

	code_end = 1;
	SSL_CTX *other = SSL_CTX_new(TLS_client_method());
	assert_non_null(other);
	assert_ptr_not_equal(other, own);
	SSL_CTX_free(own);
	SSL_CTX_free(other);
}

static void no_session_is_kept_for_a_later_connection(void **state)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	(void)state;

	assert_false(SSL_CTX_get_session_cache_mode(context) & SSL_SESS_CACHE_CLIENT);
	SSL_CTX_free(context);
}

#define served(test) cmocka_unit_test_setup_teardown(test, serve_all, unit_check_descriptors)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    served(connections_of_a_thread_have_one_context),
	    served(another_thread_has_its_own),
	    served(a_server_gets_a_new_one_each_time),
	    served(a_library_that_is_not_freerdp_gets_a_new_one),
	    served(no_session_is_kept_for_a_later_connection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
