// longjmp() between stacks is what this is about: its check against that must stay out.
#undef _FORTIFY_SOURCE
#include "sim/fiber.h"

#include "base/assert.h"
#include "sim/sanitizers.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#elif defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace parley::sim {
namespace {

constexpr std::size_t stack_bytes = std::size_t{256} * 1024;  // sanitizers need several times more

thread_local Fiber* entering = nullptr;  // makecontext() passes no pointer

// The three hooks around a change of stacks; without a sanitizer they do nothing.
void start_switch([[maybe_unused]] void** keep, [[maybe_unused]] const void* bottom,
                  [[maybe_unused]] std::size_t size, [[maybe_unused]] void* target) noexcept {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(keep, bottom, size);
#elif defined(__SANITIZE_THREAD__)
    __tsan_switch_to_fiber(target, 0);
#endif
}

void finish_switch([[maybe_unused]] void* kept, [[maybe_unused]] const void** bottom,
                   [[maybe_unused]] std::size_t* size) noexcept {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(kept, bottom, size);
#endif
}

}  // namespace

Fiber::Fiber(Body body) : body_(body), stack_(new std::byte[stack_bytes]) {
    getcontext(&inside_);
    inside_.uc_stack.ss_sp = stack_.get();
    inside_.uc_stack.ss_size = stack_bytes;
    inside_.uc_link = nullptr;
    makecontext(&inside_, reinterpret_cast<void (*)()>(&Fiber::enter), 0);
#if defined(__SANITIZE_THREAD__)
    inside_shadow_ = __tsan_create_fiber(0);
    outside_shadow_ = __tsan_get_current_fiber();
#endif
}

Fiber::~Fiber() {
#if defined(__SANITIZE_THREAD__)
    __tsan_destroy_fiber(inside_shadow_);
#endif
}

void Fiber::enter() noexcept {
    Fiber& self = *entering;
    finish_switch(nullptr, &self.outside_stack_, &self.outside_stack_bytes_);
    self.body_();
    self.finished_ = true;
    // Gone for good: a null place to keep tells the sanitizer to drop what it holds for it.
    start_switch(nullptr, self.outside_stack_, self.outside_stack_bytes_, self.outside_shadow_);
    self.switch_out();
}

// swapcontext() makes two system calls, which would be half the cost of a simulation. A jump makes
// none, but the sanitizers watch jumps and know nothing of ours.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
void Fiber::switch_in() noexcept {
    swapcontext(&outside_, &inside_);
}
void Fiber::switch_out() noexcept {
    swapcontext(&inside_, &outside_);
}
#else
void Fiber::switch_in() noexcept {
    if (_setjmp(outside_place_) != 0) return;
    if (started_) _longjmp(inside_place_, 1);
    started_ = true;
    setcontext(&inside_);
}
void Fiber::switch_out() noexcept {
    if (_setjmp(inside_place_) == 0) _longjmp(outside_place_, 1);
}
#endif

void Fiber::resume() noexcept {
    PARLEY_ASSERT(!finished_);
    entering = this;
    void* kept = nullptr;
    start_switch(&kept, stack_.get(), stack_bytes, inside_shadow_);
    switch_in();
    finish_switch(kept, nullptr, nullptr);
}

void Fiber::pause() noexcept {
    void* kept = nullptr;
    start_switch(&kept, outside_stack_, outside_stack_bytes_, outside_shadow_);
    switch_out();
    finish_switch(kept, &outside_stack_, &outside_stack_bytes_);
}

}  // namespace parley::sim
