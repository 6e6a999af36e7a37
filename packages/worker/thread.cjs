// What piscina runs in its threads. piscina requires its module, and Node 20 aborts the process where a thread is
// terminated while an ES module that was required is being linked. One that is imported may be.
module.exports = {
  serveShard: async (task) => (await import("./dist/serve-shard.js")).serveShard(task),
  sendShard: async (task) => (await import("./dist/maintenance/maintain-shard.js")).sendShard(task),
  acceptLoss: async (task) => (await import("./dist/maintenance/maintain-shard.js")).acceptLoss(task),
};
