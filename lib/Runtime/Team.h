/* The threads of a session. They run the same program side by side and meet at barriers. */
#ifndef VITC_RUNTIME_TEAM_H
#define VITC_RUNTIME_TEAM_H

#include "Libc.h"
#include "Program.h"

#include <stdatomic.h>
#include <stdbool.h>

/* A number that threads wait to see change: they watch it for a while and then sleep. */
typedef struct vitc_gate {
  _Atomic uint32_t value;
  _Atomic uint32_t sleepers;
  char apart[120]; /* what other threads write stays out of this cache line and the one fetched with it */
} vitc_gate;

/* Returns once the value is not `seen`; watches it for `spin` nanoseconds before it sleeps. */
void vitc_gate_wait(vitc_gate *gate, uint32_t seen, int64_t spin);

/* Changes the value and wakes all who wait for that. What the caller wrote before is seen by them. */
void vitc_gate_advance(vitc_gate *gate);

struct vitc_team;

/* When the threads of a team did the steps of a run: those of its own passes, then those of the others. */
typedef struct vitc_times {
  vitc_step_time *list; /* [threads][steps]; null: times are not taken */
  int32_t steps;
} vitc_times;

/* What a team runs: of `passes` passes each thread runs `own_passes` by itself, in its own buffers; then all run the
 * others together. */
typedef struct vitc_job {
  vitc_entry entry;
  const vitc_frame
      *frame; /* of the passes that all run together; `buffers` has a row for each thread with own passes */
  int32_t passes, own_passes;
  int32_t buffer_count;
  vitc_times times; /* where those of the job go */
} vitc_job;

typedef struct vitc_worker {
  struct vitc_team *team;
  vitc_thread thread;
  int32_t index;
  _Atomic int32_t id;     /* the kernel's; 0 until the thread runs */
  _Atomic uint64_t taken; /* of its share of a step's items, by any thread: the step's phase, then how many */
  char apart[96];         /* what a thread and its helpers write stays out of the cache lines of others */
} vitc_worker;

typedef struct vitc_team {
  int32_t threads;        /* the caller of a run is the first of them */
  int64_t spin;           /* nanoseconds; 0 where there are more threads than cores */
  vitc_parallel parallel; /* the caller's pool, or null */
  void *pool;
  vitc_worker *workers; /* [threads]; the first has no thread */
  int32_t caller_cpu;   /* which the workers are kept off; negative: none */
  int32_t started;      /* how many of them run */
  int32_t process;      /* the process that they run in: a fork leaves them behind */
  vitc_job job;         /* without an entry: stop */
  int64_t began;        /* when it began, if times are taken */
  char apart[128];
  vitc_gate jobs;     /* one more for each job */
  vitc_gate barriers; /* one more for each barrier passed */
  _Atomic uint32_t arrived;
} vitc_team;

/* Prepares a team; `workers` has room for `threads`. */
void vitc_team_init(vitc_team *team, int32_t threads, vitc_worker *workers, vitc_parallel parallel, void *pool);

/* Starts the workers where this process has none. */
vitc_status vitc_team_start(vitc_team *team);

/* Runs a job on every thread, with copies of its frame, and waits for all. */
vitc_status vitc_team_run(vitc_team *team, const vitc_job *job);

/* Ends the workers of this process. */
void vitc_team_stop(vitc_team *team);

#endif /* VITC_RUNTIME_TEAM_H */
