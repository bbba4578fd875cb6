#include "emoface/team.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace emoface {

constexpr int kSpins = 1000;  // about 20 microseconds, several times what members on idle cores wait for each other

class Team {
 public:
  explicit Team(int members) : members_(members) {}

  void meet() {
    if (members_ == 1) return;
    const int round = round_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == members_) {
      arrived_.store(0, std::memory_order_relaxed);
      {
        std::lock_guard<std::mutex> lock(mutex_);
        round_.store(round + 1, std::memory_order_release);
      }
      changed_.notify_all();
      return;
    }
    for (int spins = 0; spins < kSpins; ++spins) {
      if (round_.load(std::memory_order_acquire) != round) return;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return round_.load(std::memory_order_relaxed) != round; });
  }

 private:
  const int members_;
  std::atomic<int> arrived_{0}, round_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
};

void meet(Team& team) { team.meet(); }

void run_team(int members, void (*work)(void*, Team&, int), void* context) {
  Team team(members);
  std::vector<std::thread> others;
  others.reserve(members > 1 ? members - 1 : 0);
  std::mutex mutex;
  std::condition_variable changed;
  enum { kWait, kWork, kLeave } signal = kWait;
  const auto start = [&](decltype(signal) value) {
    std::lock_guard<std::mutex> lock(mutex);
    signal = value;
    changed.notify_all();
  };
  try {
    for (int member = 1; member < members; ++member)
      others.emplace_back([&, member] {
        {
          std::unique_lock<std::mutex> lock(mutex);
          changed.wait(lock, [&] { return signal != kWait; });
          if (signal == kLeave) return;
        }
        work(context, team, member);
      });
  } catch (...) {
    start(kLeave);
    for (std::thread& other : others) other.join();
    throw;
  }
  start(kWork);
  work(context, team, 0);
  for (std::thread& other : others) other.join();
}

}  // namespace emoface
