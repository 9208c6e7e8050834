// Fiber: a stack of its own, so that code which sleeps can be suspended where it sleeps.
//
//   resume() ──▶ body runs ──▶ pause() ──▶ back in resume()'s caller ──▶ resume() …
//
// A shard's loop is written to block in Ring::wait(). Here it runs on a fiber, and the wait
// hands control to whoever steps the simulation.
#pragma once

#include <cstddef>
#include <memory>
#include <setjmp.h>
#include <ucontext.h>

#include "base/delegate.h"

namespace parley::sim {

/// Threads: one; a fiber is resumed only by the thread that made it.
class Fiber {
public:
    using Body = Delegate<void()>;

    explicit Fiber(Body body);
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;
    /// A body that has not ended is abandoned: its destructors do not run.
    ~Fiber();

    /// Runs the body until it pauses or ends. Requires !finished() and to be called from outside.
    void resume() noexcept;
    /// Returns to the caller of resume(). Requires to be called from inside the body.
    void pause() noexcept;
    bool finished() const noexcept { return finished_; }

private:
    static void enter() noexcept;
    void switch_in() noexcept;
    void switch_out() noexcept;

    Body body_;
    std::unique_ptr<std::byte[]> stack_;
    ucontext_t inside_{};
    ucontext_t outside_{};
    jmp_buf inside_place_{};
    jmp_buf outside_place_{};
    bool started_ = false;
    bool finished_ = false;
    // What the sanitizers must be told about the two stacks; unused without them.
    void* inside_shadow_ = nullptr;
    void* outside_shadow_ = nullptr;
    const void* outside_stack_ = nullptr;
    std::size_t outside_stack_bytes_ = 0;
};

}  // namespace parley::sim
