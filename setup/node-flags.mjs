// How Node runs the appliance, wherever it is started.

/**
 * A small nursery: what a first load of 10,000 hosts makes mostly stays, and a large one only copies it about and keeps
 * its own size for ever (measured at 10,000 hosts: 4 MiB instead of 16 take 60 MB less and no more time). And a heap that
 * is swept when it has grown by 40 %, not when it has doubled: 40 to 70 MB less, in the same time; and once more after the
 * first load (src/main/sweep-after-load.ts).
 */
export const applianceFlags = ["--max-semi-space-size=4", "--heap-growing-percent=40", "--expose-gc"];

/**
 * glibc gives each thread a heap of its own, and gives back to the system little of what was freed; the appliance has a
 * dozen threads of which one works, and reads large pages now and then (mallopt(3); 60 to 90 MB less at 10,000 hosts).
 */
export const applianceEnvironment = { MALLOC_ARENA_MAX: "2", MALLOC_TRIM_THRESHOLD_: "131072" };
