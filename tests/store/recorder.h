// Recorder: a store client for tests that keeps every answer in the order it came.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "store/store.h"

namespace parley::store {

struct Answer {
    Ticket ticket{};
    std::optional<SignedIn> signed_in;  ///< of a sign-in that succeeded
    std::optional<Error> error;
};

class Recorder final : public StoreClient {
public:
    void on_signed_in(Ticket ticket, Result<SignedIn> answer) noexcept override {
        Answer kept{ticket, {}, {}};
        if (answer) {
            kept.signed_in = std::move(*answer);
            std::sort(kept.signed_in->groups.begin(), kept.signed_in->groups.end());
        } else {
            kept.error = answer.error();
        }
        answers.push_back(std::move(kept));
    }
    void on_stored(Ticket ticket, Status answer) noexcept override {
        Answer kept{ticket, {}, {}};
        if (!answer) kept.error = answer.error();
        answers.push_back(std::move(kept));
    }

    std::vector<Answer> answers;
};

}  // namespace parley::store
