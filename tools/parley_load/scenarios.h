// The scenarios, and what several of them print.
#pragma once

#include <memory>
#include <string>

#include "parley_load/scenario.h"

namespace parley::load {

std::unique_ptr<Scenario> make_fanout();
std::unique_ptr<Scenario> make_ptt();
std::unique_ptr<Scenario> make_idle();
std::unique_ptr<Scenario> make_churn();
std::unique_ptr<Scenario> make_chat();

/// Whether voice came once, whole and in order; what is wrong, if it did not.
std::string voice_verdict(const Report& report);
void print_voice(const Report& report);
void print_faults(const Report& report);

}  // namespace parley::load
