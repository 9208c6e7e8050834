// Outcome: a value, or the sentence that tells the person at the terminal what to do.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/result.h"

namespace parley::client {

/// Why a program cannot go on, ready to print: it names what failed and what to do about it.
struct Failure {
    std::string text;
    int error = 0;  ///< the errno behind it, if there is one
};

/// Like Result, for programs whose errors are read by people. PARLEY_TRY works with it.
template <class T>
class [[nodiscard]] Outcome {
public:
    Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Outcome(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

    explicit operator bool() const noexcept { return state_.index() == 0; }

    /// Requires success.
    T& operator*() noexcept {
        PARLEY_ASSERT(state_.index() == 0);
        return *std::get_if<0>(&state_);
    }
    T* operator->() noexcept { return &**this; }

    /// Requires failure.
    Failure error() const {
        PARLEY_ASSERT(state_.index() == 1);
        return *std::get_if<1>(&state_);
    }

private:
    std::variant<T, Failure> state_;
};

/// Success without a value.
using Done = Outcome<Ok>;

}  // namespace parley::client
