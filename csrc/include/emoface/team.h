#pragma once
// A few threads that work on one task together, started for the task and joined at its end: nothing outlives a call,
// so forks and several callers are safe, and no second pool competes with that of another library.

namespace emoface {

class Team;

// Runs work(context, team, member) for member 0 (the caller) to members - 1 at the same time. Throws std::system_error
// if the threads cannot be started; `work` has not run then.
void run_team(int members, void (*work)(void* context, Team& team, int member), void* context);

// Holds a member until all have arrived: awake for some microseconds, then asleep, so that on a busy machine the core
// is free for the member that is missing.
void meet(Team& team);

}  // namespace emoface
