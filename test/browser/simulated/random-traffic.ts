import { Random } from "../../integration/support/random.ts";

/** What traffic is made of by chance. */
export class RandomTraffic extends Random {
  /** How many events fall in a time in which `mean` are expected (Knuth's method). */
  poisson(mean: number): number {
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.next(); product > limit; product *= this.next()) count++;
    return count;
  }

  /** Around `median`, with the long tail that latencies have. */
  logNormal(median: number, spread: number): number {
    const gauss = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
    return median * Math.exp(spread * gauss);
  }
}
