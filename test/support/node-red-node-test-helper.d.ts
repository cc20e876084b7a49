// The package ships no types; only what the tests use.
declare module 'node-red-node-test-helper' {
  interface TestHelper {
    init(runtimePath: string): void;
    settings(settings: object): void;
    load(modules: unknown, flow: unknown, credentials?: unknown): Promise<void>;
    unload(): Promise<void>;
    setFlows(flow: unknown, type: 'full' | 'flows' | 'nodes', credentials?: unknown): Promise<void>;
    getNode(id: string): unknown;
    startServer(done?: () => void): Promise<void>;
    stopServer(done?: () => void): Promise<void>;
    clearFlows(): Promise<void>;
    url(): string;
    request(): unknown;
  }
  const helper: TestHelper;
  export default helper;
}
