import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Linux counts a process's CPU in hundredths of a second (USER_HZ), on every machine. */
const TICK_MS = 10;

/** CPU that a process has used so far with all its threads, in milliseconds. Throws when it is gone. */
export function cpuMillis(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name stands in brackets and may hold blanks; utime and stime are the 14th and 15th field (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** As {@link cpuMillis}, to the nanosecond, of the threads that it has now: for what lasts a second. */
export function exactCpuMillis(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanos = (thread: string) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  return threads.reduce((sum, thread) => sum + nanos(thread), 0) / 1e6;
}

/** Memory that a process has now, in bytes. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, "VmRSS");
}

/** The most memory that a process had so far, in bytes. */
export function mostResidentBytes(pid: number): number {
  return statusBytes(pid, "VmHWM");
}

function statusBytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
}

/** Lets a process with all its threads, and what it starts from now on, run on one CPU alone (taskset(1)). */
export function runOn(cpu: number, pid: number): void {
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", String(cpu), String(pid)], { stdio: "ignore" });
}
