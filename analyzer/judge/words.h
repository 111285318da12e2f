/* Why a verdict is what it is, in sentences, one each. All of them: false only when memory is out. Inside this folder. */
#ifndef LEAKLAB_WORDS_H
#define LEAKLAB_WORDS_H

#include "judge/evidence.h"
#include "judge/limits.h"
#include "judge/verdict.h"

/* What makes the evidence void whatever it shows. */
bool reasons_void(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence);
/* What stands against any verdict but a proven leak. */
bool reasons_block(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits);
/* What stands against "clean" only. */
bool reasons_doubt(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits);
/* Too few cycles count for CLEAN. */
bool reasons_too_few(const struct verdict *verdict, const struct limits *limits);

/* Signs of leaks that the lists of the run's accounts do not explain. */
bool completeness_doubt(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence);
/* What a clean run must have seen: sessions and logon sessions whole before it and in the end, handles, and nothing in between that
 * could have been taken along. */
bool completeness_clean(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence);

/* What was found. */
bool findings_tell(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits);
#define CUT_WORDS 512
/* "stopped by hand after 31 of 400 cycles", of a run that was cut short. */
const char *cut_words(
    char words[CUT_WORDS], const struct verdict *verdict, const struct limits *limits);
/* What would change the verdict. */
bool changes_tell(struct sentences *out, const struct verdict *verdict);

/* What each of these says for the verdict (tell), leaves open (doubt), or says against any verdict (block). */
bool commands_tell(struct sentences *out, const struct verdict *verdict);
bool commands_doubt(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence);
bool rates_tell(struct sentences *out, const struct verdict *verdict);
bool witness_tell(struct sentences *out, const struct verdict *verdict);
bool witness_doubt(struct sentences *out, const struct verdict *verdict);
bool controls_tell(struct sentences *out, const struct verdict *verdict);
bool controls_block(struct sentences *out, const struct verdict *verdict);
bool farm_tell(
    struct sentences *out, const struct evidence *evidence, const struct verdict *verdict);
bool farm_block(
    struct sentences *out, const struct evidence *evidence, const struct verdict *verdict);
bool profiles_tell(struct sentences *out, const struct evidence *evidence);
bool growth_tell(struct sentences *out, const struct verdict *verdict);
bool growth_doubt(
    struct sentences *out, const struct verdict *verdict, const struct limits *limits);

#endif
