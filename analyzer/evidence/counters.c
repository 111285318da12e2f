/* When the points of a counter are, and how two files of it become one. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/intern.h"
#include "evidence/snapshot.h"

struct counter_point *counter_add_point(struct counter *counter)
{
	FIELD_EACH(field, &counter_record)
	{
		if (field->of == &counter_point_record)
			return field_add(counter, field);
	}
	return NULL;
}

/* Get-Counter writes names in small letters, typeperf and perfmon do not. */
static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcasecmp(a, b) == 0);
}

bool counter_same(const struct counter *a, const struct counter *b)
{
	const char *one = a->pid == NUMBER_UNKNOWN ? a->instance : a->image,
	           *other = b->pid == NUMBER_UNKNOWN ? b->instance : b->image;
	return a->pid == b->pid && same_name(a->object, b->object) && same_name(one, other) &&
	       same_name(a->counter, b->counter);
}

bool counter_is_zoned(const struct counter *counter)
{
	for (size_t i = 0; i < counter->point_count; i++) {
		if (counter->points[i].time == TIMESTAMP_UNKNOWN)
			return false;
	}
	return counter->point_count > 0;
}

int64_t counter_point_clock(const struct counter_point *point)
{
	return point->time != TIMESTAMP_UNKNOWN ? point->time : point->local_time;
}

static int64_t lower_of(int64_t a, int64_t b)
{
	return a == NUMBER_UNKNOWN || (b != NUMBER_UNKNOWN && b < a) ? b : a;
}

static int64_t higher_of(int64_t a, int64_t b)
{
	return b > a ? b : a; /* unknown is the lowest of all */
}

bool counter_merge(struct snapshot *snapshot, struct counter *own, const struct counter *other)
{
	struct counter merged;
	record_clear(&counter_record, &merged);
	int64_t twice = 0;
	for (size_t i = 0, j = 0; i < own->point_count || j < other->point_count;) {
		const struct counter_point *one = i < own->point_count ? &own->points[i] : NULL,
		                           *two = j < other->point_count ? &other->points[j] : NULL;
		const bool both = one && two && one->time == two->time,
		           first = one && (!two || one->time <= two->time);
		struct counter_point *point = counter_add_point(&merged);
		if (!point || !record_copy(&counter_point_record, point, first ? one : two,
		                  snapshot->intern)) {
			record_deinit(&counter_record, &merged);
			return false;
		}
		i += first;
		j += both || !first;
		twice += both;
	}
	own->points_seen += other->points_seen - twice;
	own->lowest = lower_of(own->lowest, other->lowest);
	own->highest = higher_of(own->highest, other->highest);
	free(own->points);
	own->points = merged.points;
	own->point_count = merged.point_count;
	return true;
}
