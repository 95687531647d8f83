// A thread that moves a database's write-ahead log into its file, while that is written and read (PASSIVE waits
// for nobody). Its data is the file's path.
import { DatabaseSync } from "node:sqlite";
import { workerData } from "node:worker_threads";

using database = new DatabaseSync(String(workerData));
database.exec("PRAGMA wal_checkpoint(PASSIVE)");
