// Interrupt: SIGINT and SIGTERM end a run early, with its result; a second one ends the process.
#pragma once

namespace parley::load {

void catch_interrupts() noexcept;
/// Whether one has come.
bool interrupted() noexcept;

}  // namespace parley::load
