#pragma once
// An operator on images whose rows a team shares.
#include <algorithm>
#include <cstdint>
#include <exception>
#include <vector>

#include "emoface/team.h"

namespace emoface {

// Rows of pixels from `first` to before `last`, of those of all images of a call one after another.
template <class Call>
struct Rows {
  const Call* call;
  std::int64_t first, last;
};

// Runs `run` on all rows of a call, in as many parts as the call has threads. Throws what the first part that fails
// throws, and std::system_error if the threads cannot be started.
template <class Call>
void run_rows(const Call& call, void (*run)(const Rows<Call>&)) {
  struct Work {
    const Call& call;
    void (*run)(const Rows<Call>&);
    std::vector<std::exception_ptr> failures;  // one a member

    static void part(void* context, Team&, int member) {
      Work& work = *static_cast<Work*>(context);
      const std::int64_t rows = work.call.batch * work.call.height, members = std::int64_t(work.failures.size());
      try {
        work.run({&work.call, rows * member / members, rows * (member + 1) / members});
      } catch (...) {
        work.failures[member] = std::current_exception();
      }
    }
  };
  const std::int64_t members = std::max<std::int64_t>(std::min(call.threads, call.batch * call.height), 1);
  Work work{call, run, std::vector<std::exception_ptr>(members)};
  run_team(int(members), Work::part, &work);
  for (const std::exception_ptr& failure : work.failures)
    if (failure) std::rethrow_exception(failure);
}

}  // namespace emoface
