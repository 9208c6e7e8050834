// Interrupt: a flag.
#include "parley_load/interrupt.h"

#include <csignal>

namespace parley::load {
namespace {

volatile std::sig_atomic_t came = 0;

}  // namespace

void catch_interrupts() noexcept {
    struct sigaction action {};
    action.sa_handler = [](int) { came = 1; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() noexcept {
    return came != 0;
}

}  // namespace parley::load
