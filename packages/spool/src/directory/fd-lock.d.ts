/** The package ships no types. */
declare module "fd-lock" {
  export default class FDLock {
    constructor(descriptor: number);
    ready(): Promise<void>;
    close(): Promise<void>;
  }
}
