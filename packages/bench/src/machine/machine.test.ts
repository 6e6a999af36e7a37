import { describe, expect, it } from "vitest";
import { describeMachine, fileSystemOf, isInMemory } from "./machine.ts";
import { packageVersions } from "./versions.ts";

const MOUNTS = `/dev/vda / ext4 rw 0 0
tmpfs /tmp tmpfs rw 0 0
/dev/sdb /tmp/disk xfs rw 0 0
proc /proc proc rw 0 0
`;

describe("fileSystemOf", () => {
  it.each([
    ["/home/me", "ext4"],
    ["/tmp", "tmpfs"],
    ["/tmp/x", "tmpfs"],
    ["/tmp/disk/y", "xfs"],
    ["/tmpfiles", "ext4"],
  ])("of %s is %s", (directory, kind) => expect(fileSystemOf(directory, MOUNTS)).toBe(kind));

  it("is unknown without a list of mounts", () => {
    expect(fileSystemOf("/tmp", "")).toBe("unknown");
  });
});

describe("describeMachine", () => {
  it("describes the machine, and tells a file system in memory from one on a disk", () => {
    const machine = describeMachine(process.cwd());
    expect(machine.cores).toBeGreaterThan(0);
    expect(machine.memoryBytes).toBeGreaterThan(0);
    expect(machine.node).toBe(process.version);
    expect(isInMemory({ ...machine, fileSystem: "tmpfs" })).toBe(true);
    expect(isInMemory({ ...machine, fileSystem: "ext4" })).toBe(false);
  });
});

describe("packageVersions", () => {
  it("has the version of each peer's package", () => {
    for (const [name, version] of Object.entries(packageVersions())) {
      expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+/)]);
    }
  });
});
