// Tests of the checks that are built into the simulated ring: each ends the program and names the
// seed.
#include <gtest/gtest.h>

#include "sim/node.h"

namespace parley::sim {
namespace {

struct Ignored {
    void ignore(const Completion&) {}
};
Ignored ignored;

class SimRingDeathTest : public testing::Test {
protected:
    World world_{42, Faults::none()};
    Node node_;
    Peer& peer_ = node_.connected();
    Tidy tidy_{node_};
};

TEST_F(SimRingDeathTest, TwoSendsOnOneStream) {
    SendOperation second{SendOperation::Handler::to<&Ignored::ignore>(ignored)};
    const std::string text = "text";
    EXPECT_DEATH(
        {
            node_.send_now(text);
            node_.ring()->send_now(second, node_.socket(), bytes_of(text));
        },
        "seed 42.*two sends in flight");
}

TEST_F(SimRingDeathTest, TwoReceivesOnOneStream) {
    Operation second{Operation::Handler::to<&Ignored::ignore>(ignored)};
    EXPECT_DEATH(
        {
            node_.receive();
            node_.ring()->receive(second, node_.socket());
        },
        "two receives in flight");
}

TEST_F(SimRingDeathTest, CloseWithAnOperationInFlight) {
    EXPECT_DEATH(
        {
            node_.receive();
            node_.ring()->close(node_.socket());
        },
        "close of a descriptor with an operation in flight");
    EXPECT_DEATH(ring::close_now(node_.listener()), "with an operation in flight");
}

TEST_F(SimRingDeathTest, CloseOfAClosedDescriptor) {
    EXPECT_DEATH(
        {
            node_.ring()->close(node_.socket());
            node_.ring()->close(node_.socket());
        },
        "close of a closed descriptor");
}

TEST_F(SimRingDeathTest, OperationOnAClosedDescriptor) {
    EXPECT_DEATH(
        {
            node_.ring()->close(node_.socket());
            node_.turn(milliseconds{1});
            node_.receive();
        },
        "receive of a closed descriptor");
}

TEST_F(SimRingDeathTest, BytesChangedDuringASend) {
    std::string text = "before";
    EXPECT_DEATH(
        {
            node_.send_now(text);
            text[0] = 'B';
            node_.turn(milliseconds{1});
        },
        "bytes of a send changed");
}

TEST_F(SimRingDeathTest, AnOwnerThatDiesWithAnOperationInFlight) {
    EXPECT_DEATH(
        {
            Operation operation{Operation::Handler::to<&Ignored::ignore>(ignored)};
            node_.ring()->receive(operation, node_.socket());
        },
        "in_flight");
}

}  // namespace
}  // namespace parley::sim
