/* Finds processes by their ID. Inside this folder. */
#ifndef LEAKLAB_PROCESS_INDEX_H
#define LEAKLAB_PROCESS_INDEX_H

struct process_index;

struct process_index *process_index_create(void); /* NULL: out of memory */
void process_index_destroy(struct process_index *index);

#endif
