#include "Team.h"

#include "Clock.h"
#include "Cores.h"
#include "Cpu.h"
#include "Error.h"
#include "Syscall.h"

/* Long enough to bridge the steps of a model and the runs of a loop, short enough to leave the cores to others. */
static const int64_t spin_nanoseconds = 200000;

void vitc_team_init(vitc_team *team, int32_t threads, vitc_worker *workers, vitc_parallel parallel, void *pool) {
  memset(team, 0, sizeof *team);
  team->threads = threads;
  team->spin = threads > vitc_allowed_cpus() ? 0 : spin_nanoseconds;
  team->parallel = parallel;
  team->pool = pool;
  team->workers = workers;
  for (int32_t i = 0; i < threads; ++i)
    atomic_store(&workers[i].taken, 0); /* in phase 0, which is before the first */
}

/* A thread in a run. */
typedef struct vitc_member {
  vitc_team *team;
  bool alone;                 /* it runs a pass of its own: it waits for nobody */
  bool took;                  /* all items of this step, as the only thread */
  int32_t helped;             /* how many of the threads after it have nothing left to take in this step */
  vitc_step_time *next, *end; /* of its times those still to be taken */
  int64_t left;               /* when it left the last barrier */
} vitc_member;

/* A thread that is through with its own share of a step helps as many others: asking all would take longer, of many. */
enum { MOST_HELPED = 8 };

/* Takes half of what is left of an owner's share of `size` items, at least `least`; returns how many, and how many were
 * taken before. They are fewer and fewer, so that threads end together, however fast each is. */
static int64_t take_part(vitc_worker *owner, uint32_t phase, int64_t size, int64_t least, int64_t *before) {
  uint64_t seen = atomic_load_explicit(&owner->taken, memory_order_relaxed), wanted;
  int64_t count;
  do {
    *before = (uint32_t)(seen >> 32) == phase ? (int64_t)(uint32_t)seen : 0;
    int64_t left = size - *before, half = (left + 1) / 2;
    count = half > least ? half : least < left ? least : left;
    if (count <= 0)
      return 0;
    wanted = (uint64_t)phase << 32 | (uint64_t)(*before + count);
  } while (
      !atomic_compare_exchange_weak_explicit(&owner->taken, &seen, wanted, memory_order_relaxed, memory_order_relaxed));
  return count;
}

vitc_items vitc_claim(const vitc_frame *frame, int64_t thread, int64_t threads, int64_t items, int64_t least) {
  vitc_member *member = frame->member;
  if (threads == 1) {
    int64_t first = member->took ? items : 0;
    member->took = true;
    return (vitc_items){first, items};
  }
  vitc_team *team = member->team;
  uint32_t phase = atomic_load_explicit(&team->barriers.value, memory_order_relaxed); /* until this thread arrives */
  for (; member->helped < threads && member->helped <= MOST_HELPED; ++member->helped) {
    int64_t owner = (thread + member->helped) % threads;
    int64_t first = items * owner / threads, size = items * (owner + 1) / threads - first, before;
    int64_t count = take_part(&team->workers[owner], phase, size, least, &before);
    if (count)
      return (vitc_items){first + before, first + before + count};
  }
  return (vitc_items){items, items};
}

static void meet(vitc_team *team) {
  if (team->threads == 1)
    return;
  uint32_t phase = atomic_load_explicit(&team->barriers.value, memory_order_relaxed);
  if (atomic_fetch_add(&team->arrived, 1) + 1 != (uint32_t)team->threads) {
    vitc_gate_wait(&team->barriers, phase, team->spin);
    return;
  }
  atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
  vitc_gate_advance(&team->barriers);
}

static void meet_and_take_time(vitc_member *member) {
  int64_t began = member->team->began, finished = vitc_now();
  int64_t left = finished;
  if (!member->alone && member->team->threads > 1) {
    meet(member->team);
    left = vitc_now();
  }
  *member->next++ = (vitc_step_time){member->left - began, finished - began, left - began};
  member->left = left;
}

void vitc_barrier(const vitc_frame *frame) {
  vitc_member *member = frame->member;
  member->took = false;
  member->helped = 0;
  if (__builtin_expect(member->next != member->end, 0))
    meet_and_take_time(member);
  else if (!member->alone)
    meet(member->team);
}

/* The passes that the thread has for itself, in its own buffers and scratch, as the only thread of a team. */
static void run_own_passes(const vitc_job *job, vitc_member *member, int32_t index) {
  vitc_frame frame = *job->frame;
  frame.member = member;
  frame.buffers += (int64_t)index * job->buffer_count;
  frame.scratch += (int64_t)index * frame.scratch_stride;
  frame.first_pass = (int64_t)index * job->own_passes;
  frame.last_pass = frame.first_pass + job->own_passes;
  member->alone = true;
  job->entry(&frame, 0, 1);
  member->alone = false;
}

static void run_passes(const vitc_job *job, vitc_member *member, int32_t index) {
  vitc_frame frame = *job->frame;
  frame.member = member;
  frame.first_pass = (int64_t)member->team->threads * job->own_passes;
  frame.last_pass = job->passes;
  if (job->own_passes)
    run_own_passes(job, member, index);
  if (job->own_passes && frame.first_pass != frame.last_pass) {
    meet(member->team); /* the first thread's buffers are those of all now */
    if (member->next != member->end)
      member->left = vitc_now();
  }
  if (frame.first_pass != frame.last_pass)
    job->entry(&frame, index, member->team->threads);
  vitc_barrier(&frame);
}

static void run_member(vitc_team *team, int32_t index) {
  vitc_job job = team->job; /* after the last barrier a next run may change it */
  vitc_member member = {.team = team};
  bool takes_times = job.times.list != 0;
  if (takes_times) {
    member.next = job.times.list + (int64_t)index * job.times.steps;
    member.end = member.next + job.times.steps;
    member.left = vitc_now();
  }
  uint32_t mode = vitc_flush_denormals();
  run_passes(&job, &member, index);
  vitc_restore_float_mode(mode);
  if (takes_times)
    meet(team); /* what the threads wrote as they left the last step is read once all are here */
}

static void run_task(void *argument, int32_t index) { run_member(argument, index); }

static void *work(void *argument) {
  vitc_worker *worker = argument;
  vitc_team *team = worker->team;
  atomic_store(&worker->id, vitc_thread_id());
  for (uint32_t job = 0;; ++job) {
    vitc_gate_wait(&team->jobs, job, team->spin);
    if (!team->job.entry)
      return 0;
    run_member(team, worker->index);
  }
}

/* The signals that a worker takes: those of its own faults, and the two that libc sends to all threads. */
static const uint64_t worker_signals = 1u << (4 - 1) | 1u << (5 - 1) | 1u << (6 - 1) | 1u << (7 - 1) | 1u << (8 - 1) |
                                       1u << (11 - 1) | 1u << (31 - 1) | 1ull << (32 - 1) | 1ull << (33 - 1);

static void set_signal_mask(const uint64_t *blocked, uint64_t *before) {
  enum { SIG_SETMASK = 2 };
  vitc_syscall(VITC_SYS_SIGPROCMASK, SIG_SETMASK, (long)blocked, (long)before, sizeof *blocked);
}

static void start_workers(vitc_team *team) {
  uint64_t blocked = ~worker_signals, before = 0;
  set_signal_mask(&blocked, &before); /* inherited: the application's signals go to its own threads */
  for (int32_t i = 1; i < team->threads; ++i) {
    vitc_worker *worker = &team->workers[i];
    worker->team = team;
    worker->index = i;
    atomic_store(&worker->id, 0);
    if (pthread_create(&worker->thread, 0, work, worker))
      break;
    team->started++;
  }
  set_signal_mask(&before, 0);
}

/* Forgets what a fork brought along: threads that this process does not have, and where they stood. */
static void reset(vitc_team *team, int32_t process) {
  team->process = process;
  team->started = 0;
  team->caller_cpu = -1;
  atomic_store(&team->jobs.value, 0);
  atomic_store(&team->jobs.sleepers, 0);
  atomic_store(&team->barriers.sleepers, 0);
  atomic_store(&team->arrived, 0);
  atomic_fetch_add(&team->barriers.value, 1); /* what was taken in a step that the fork broke off does not count */
}

vitc_status vitc_team_start(vitc_team *team) {
  int32_t process = vitc_process();
  if (team->process == process)
    return VITC_OK;
  reset(team, process);
  if (team->parallel)
    return VITC_OK;
  start_workers(team);
  if (team->started + 1 == team->threads)
    return VITC_OK;
  int64_t got = team->started + 1, wanted = team->threads;
  vitc_team_stop(team);
  return vitc_fail(VITC_E_THREADS, "only %d of %d threads could be started", got, wanted);
}

/* Keeps the workers off the caller's CPU. The kernel may wake a thread where the one that wakes it runs, if the other
 * CPUs sleep deeply or belong to a virtual machine; there it would wait for the caller, and the caller for it. */
static void spread_workers(vitc_team *team) {
  if (!team->spin) /* fewer CPUs than threads: they have to share */
    return;
  int32_t cpu = vitc_current_cpu();
  if (cpu < 0 || cpu == team->caller_cpu)
    return;
  vitc_cpus others;
  if (!vitc_other_cpus(cpu, team->threads - 1, &others))
    return;
  team->caller_cpu = cpu;
  for (int32_t i = 1; i < team->threads; ++i) {
    int32_t id = atomic_load(&team->workers[i].id);
    if (id)
      vitc_set_affinity(id, &others);
    else /* it runs for the first time soon, wherever the kernel finds room */
      team->caller_cpu = -1;
  }
}

vitc_status vitc_team_run(vitc_team *team, const vitc_job *job) {
  vitc_status status = vitc_team_start(team);
  if (status)
    return status;
  team->job = *job;
  if (job->times.list)
    team->began = vitc_now();
  if (team->parallel && team->threads > 1) {
    if (team->parallel(team->pool, team->threads, run_task, team))
      return vitc_fail(VITC_E_THREADS, "the caller's thread pool did not run %d tasks", (int64_t)team->threads);
    return VITC_OK;
  }
  if (team->threads > 1) {
    spread_workers(team);
    vitc_gate_advance(&team->jobs);
  }
  run_member(team, 0);
  return VITC_OK;
}

void vitc_team_stop(vitc_team *team) {
  if (team->process == vitc_process() && team->started) {
    team->job.entry = 0;
    vitc_gate_advance(&team->jobs);
    for (int32_t i = 1; i <= team->started; ++i)
      pthread_join(team->workers[i].thread, 0);
  }
  team->process = 0;
}
