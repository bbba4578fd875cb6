#pragma once
// A few threads that work on one task together, started for the task and joined at its end: nothing outlives a call,
// so forks and several callers are safe, and no second pool competes with that of another library.
#include <atomic>
#include <condition_variable>
#include <mutex>

namespace emoface {

// Holds every member until all have arrived: awake for a few microseconds, then asleep, which leaves the core to others
// and lets the scheduler wake the member at once.
class Barrier {
 public:
  explicit Barrier(int members) : members_(members) {}
  void wait();

 private:
  const int members_;
  std::atomic<int> arrived_{0}, round_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
};

// Runs work(context, member) for member 0 (the caller) to members - 1 at the same time. Throws std::system_error if
// the threads cannot be started; `work` has not run then.
void run_team(int members, void (*work)(void* context, int member), void* context);

}  // namespace emoface
