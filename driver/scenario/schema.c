/* Knows which keys a scenario may have and of what kind their values are. */
#include "driver/scenario/check.h"

#include "driver/scenario/caps.h"

#define ANY_TEXT(key, type, member, least, most)                                                   \
	CYAML_FIELD_STRING_PTR(                                                                    \
	    key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, least, most)
#define TEXT(key, type, member) ANY_TEXT(key, type, member, 1, CYAML_UNLIMITED)
#define MAYBE_EMPTY_TEXT(key, type, member) ANY_TEXT(key, type, member, 0, CYAML_UNLIMITED)
#define NEEDED_TEXT(key, type, member)                                                             \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, CYAML_UNLIMITED)
#define SPAN(key, type, member) ANY_TEXT(key, type, member.text, 0, SPAN_TEXT_MOST)
#define NUMBER(key, type, member) CYAML_FIELD_UINT(key, CYAML_FLAG_OPTIONAL, type, member)
#define WORD(key, type, member, words)                                                             \
	CYAML_FIELD_ENUM(key, CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, type, member, words,        \
	    CYAML_ARRAY_LEN(words))
#define PART(key, type, member, fields)                                                            \
	CYAML_FIELD_MAPPING(key, CYAML_FLAG_OPTIONAL, type, member, fields)

static const cyaml_strval_t securities[] = {{"nla", SECURITY_NLA}, {"tls", SECURITY_TLS}};
static const cyaml_strval_t arrivals[] = {{"even", ARRIVALS_EVEN}, {"poisson", ARRIVALS_POISSON}};
static const cyaml_strval_t workloads[] = {
    {"logons", WORKLOAD_LOGONS}, {"command", WORKLOAD_COMMAND}};
static const cyaml_strval_t untils[] = {{"cycles", UNTIL_CYCLES}, {"decided", UNTIL_DECIDED}};
static const cyaml_strval_t signals[] = {
    {"save-session-info", SIGNAL_SAVE_SESSION_INFO},
    {"activated", SIGNAL_ACTIVATED},
    {"paint", SIGNAL_PAINT},
};
static const cyaml_strval_t cleanups[] = {{"leave", CLEANUP_LEAVE}, {"logoff", CLEANUP_LOGOFF}};
static const cyaml_strval_t methods[] = {
    {"auto", LOGOFF_AUTO},
    {"shell-exit", LOGOFF_SHELL_EXIT},
    {"keys", LOGOFF_KEYS},
    {"command", LOGOFF_COMMAND},
    {"disconnect", LOGOFF_DISCONNECT},
    {"drop", LOGOFF_DROP},
};

static const cyaml_schema_field_t certificate_fields[] = {
    TEXT("pin", struct scenario_host, certificate.pin),
    TEXT("ca", struct scenario_host, certificate.ca),
    TEXT("name", struct scenario_host, certificate.name),
    TEXT("tofu", struct scenario_host, certificate.tofu),
    CYAML_FIELD_BOOL("ignore", CYAML_FLAG_OPTIONAL, struct scenario_host, certificate.ignore),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t host_fields[] = {
    NEEDED_TEXT("address", struct scenario_host, address),
    WORD("security", struct scenario_host, security, securities),
    TEXT("auth_packages", struct scenario_host, auth_packages),
    TEXT("load_balance_info", struct scenario_host, load_balance_info),
    TEXT("client_name", struct scenario_host, client_name),
    CYAML_FIELD_BOOL("exclusive", CYAML_FLAG_OPTIONAL, struct scenario_host, exclusive),
    /* The fields of the certificate are given from the start of the host, so the mapping starts there too. */
    {
        .key = "certificate",
        .data_offset = 0,
        .value =
            {
                .type = CYAML_MAPPING,
                .flags = CYAML_FLAG_OPTIONAL,
                .data_size = sizeof(struct scenario_host),
                .mapping = {.fields = certificate_fields},
            },
    },
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t accounts_fields[] = {
    TEXT("users", struct scenario_accounts, users),
    MAYBE_EMPTY_TEXT("domain", struct scenario_accounts, domain),
    TEXT("csv", struct scenario_accounts, csv),
    TEXT("password_env", struct scenario_accounts, password_env),
    TEXT("password_file", struct scenario_accounts, password_file),
    CYAML_FIELD_INT("password_fd", CYAML_FLAG_OPTIONAL, struct scenario_accounts, password_fd),
    SPAN("lockout_window", struct scenario_accounts, lockout_window),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t step_fields[] = {
    NUMBER("slots", struct load_step, slots),
    CYAML_FIELD_FLOAT("rate", CYAML_FLAG_OPTIONAL, struct load_step, rate),
    SPAN("for", struct load_step, time),
    NUMBER("cycles", struct load_step, cycles),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t step_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct load_step, step_fields),
};

static const cyaml_schema_field_t load_fields[] = {
    NUMBER("slots", struct scenario_load, slots),
    NUMBER("cycles", struct scenario_load, cycles),
    CYAML_FIELD_FLOAT("rate", CYAML_FLAG_OPTIONAL, struct scenario_load, rate),
    CYAML_FIELD_SEQUENCE("steps", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct scenario_load,
        steps, &step_entry, 0, STEPS_MAX),
    WORD("arrivals", struct scenario_load, arrivals, arrivals),
    SPAN("ramp", struct scenario_load, ramp),
    SPAN("ramp_down", struct scenario_load, ramp_down),
    SPAN("hold", struct scenario_load, hold),
    NUMBER("reconnects", struct scenario_load, reconnects),
    SPAN("think", struct scenario_load, think),
    NUMBER("seed", struct scenario_load, seed),
    NUMBER("workers", struct scenario_load, workers),
    WORD("until", struct scenario_load, until, untils),
    WORD("workload", struct scenario_load, workload, workloads),
    TEXT("command", struct scenario_load, command),
    SPAN("timeout", struct scenario_load, timeout),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t connect_fields[] = {
    SPAN("timeout", struct scenario_connect, timeout),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t logon_fields[] = {
    WORD("signal", struct scenario_logon, signal, signals),
    SPAN("timeout", struct scenario_logon, timeout),
    SPAN("delay", struct scenario_logon, delay),
    TEXT("keys", struct scenario_logon, keys),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t logoff_fields[] = {
    WORD("method", struct scenario_logoff, method, methods),
    TEXT("shell", struct scenario_logoff, shell),
    TEXT("keys", struct scenario_logoff, keys),
    TEXT("command", struct scenario_logoff, command),
    SPAN("timeout", struct scenario_logoff, timeout),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t limits_fields[] = {
    NUMBER("failures", struct scenario_limits, failures),
    SPAN("duration", struct scenario_limits, duration),
    SPAN("logon_time", struct scenario_limits, logon_time),
    CYAML_FIELD_FLOAT("error_rate", CYAML_FLAG_OPTIONAL, struct scenario_limits, error_rate),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t stage_fields[] = {
    NEEDED_TEXT("name", struct stage_program, name),
    NEEDED_TEXT("command", struct stage_program, command),
    CYAML_FIELD_BOOL("no_ready", CYAML_FLAG_OPTIONAL, struct stage_program, no_ready),
    SPAN("timeout", struct stage_program, timeout),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t stage_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct stage_program, stage_fields),
};

static const cyaml_schema_field_t observer_fields[] = {
    NEEDED_TEXT("name", struct observer, name),
    TEXT("command", struct observer, command),
    TEXT("session", struct observer, session),
    TEXT("host", struct observer, host),
    SPAN("timeout", struct observer, timeout),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t observer_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct observer, observer_fields),
};

static const cyaml_schema_field_t settle_fields[] = {
    SPAN("at_least", struct scenario_settle, at_least),
    SPAN("release", struct scenario_settle, release),
    SPAN("quiet", struct scenario_settle, quiet),
    SPAN("poll", struct scenario_settle, poll),
    SPAN("timeout", struct scenario_settle, timeout),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t name_entry = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, CYAML_UNLIMITED),
};
static const cyaml_schema_field_t watch_fields[] = {
    CYAML_FIELD_SEQUENCE("accounts", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
        struct scenario_watch, accounts, &name_entry, 0, 16),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t control_fields[] = {
    CYAML_FIELD_SEQUENCE("without", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
        struct scenario_control, without, &name_entry, 0, 16),
    CYAML_FIELD_SEQUENCE("with", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct scenario_control,
        with, &stage_entry, 0, 16),
    NUMBER("cycles", struct scenario_control, cycles),
    TEXT("rate", struct scenario_control, rate),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t controls_fields[] = {
    CYAML_FIELD_MAPPING_PTR("negative", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
        struct scenario_controls, negative, control_fields),
    CYAML_FIELD_MAPPING_PTR("positive", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
        struct scenario_controls, positive, control_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t judge_fields[] = {
    TEXT("smallest_rate", struct scenario_judge, smallest_rate),
    TEXT("max_failed", struct scenario_judge, max_failed),
    TEXT("growth", struct scenario_judge, growth),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t percentile_fields[] = {
    TEXT("tcp", struct scenario_percentile, tcp),
    TEXT("tls", struct scenario_percentile, tls),
    TEXT("nla", struct scenario_percentile, nla),
    TEXT("activated", struct scenario_percentile, activated),
    TEXT("logon", struct scenario_percentile, logon),
    TEXT("hold", struct scenario_percentile, hold),
    TEXT("logoff", struct scenario_percentile, logoff),
    TEXT("to_logon", struct scenario_percentile, to_logon),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t expect_fields[] = {
    TEXT("verdict", struct scenario_expect, verdict),
    TEXT("culprit", struct scenario_expect, culprit),
    TEXT("rate", struct scenario_expect, rate),
    TEXT("failed", struct scenario_expect, failed),
    TEXT("bounded", struct scenario_expect, bounded),
    TEXT("session_ids", struct scenario_expect, session_ids),
    TEXT("pinned", struct scenario_expect, pinned),
    TEXT("orphans_after", struct scenario_expect, orphans_after),
    TEXT("unattributed", struct scenario_expect, unattributed),
    TEXT("sessions_left", struct scenario_expect, sessions_left),
    PART("p50", struct scenario_expect, p50, percentile_fields),
    PART("p90", struct scenario_expect, p90, percentile_fields),
    PART("p95", struct scenario_expect, p95, percentile_fields),
    PART("p99", struct scenario_expect, p99, percentile_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t scenario_fields[] = {
    NEEDED_TEXT("name", struct scenario, name),
    MAYBE_EMPTY_TEXT("description", struct scenario, description),
    /* Both are needed where the load logs on: check_command.c. */
    PART("host", struct scenario, host, host_fields),
    PART("accounts", struct scenario, accounts, accounts_fields),
    PART("load", struct scenario, load, load_fields),
    PART("watch", struct scenario, watch, watch_fields),
    PART("connect", struct scenario, connect, connect_fields),
    PART("logon", struct scenario, logon, logon_fields),
    PART("logoff", struct scenario, logoff, logoff_fields),
    PART("limits", struct scenario, limits, limits_fields),
    CYAML_FIELD_SEQUENCE("stage", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct scenario, stage,
        &stage_entry, 0, 16),
    CYAML_FIELD_SEQUENCE("observers", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct scenario,
        observers, &observer_entry, 0, 16),
    NUMBER("observe_every", struct scenario, observe_every),
    CYAML_FIELD_UINT_PTR(
        "verify_ids", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct scenario, verify_ids),
    PART("settle", struct scenario, settle, settle_fields),
    WORD("cleanup", struct scenario, cleanup, cleanups),
    PART("controls", struct scenario, controls, controls_fields),
    PART("judge", struct scenario, judge, judge_fields),
    PART("expect", struct scenario, expect, expect_fields),
    CYAML_FIELD_END,
};

const cyaml_schema_value_t scenario_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct scenario, scenario_fields),
};
