/* When two names mean one account. Inside this folder. */
#ifndef LEAKLAB_ACCOUNT_H
#define LEAKLAB_ACCOUNT_H

#include <stdbool.h>

/* Compares the users only, without a domain that is part of the name ("LAB\lab01", "lab01@lab.example"). */
int account_user_order(const char *a, const char *b);

/* True if both name one account. Domains are compared only where both sides have one; "LAB" and "lab.example"
 * by their first label. */
bool account_same(
    const char *user_a, const char *domain_a, const char *user_b, const char *domain_b);

#endif
