// Recorder: a store client for tests that keeps every answer in the order it came.
#pragma once

#include <utility>
#include <vector>

#include "store/store.h"

namespace parley::store {

class Recorder final : public StoreClient {
public:
    struct Heard {
        Ticket ticket{};
        Result<Answer> answer;
    };

    void on_answer(Ticket ticket, Result<Answer> answer) noexcept override {
        heard.push_back({ticket, std::move(answer)});
    }

    std::vector<Heard> heard;
};

}  // namespace parley::store
