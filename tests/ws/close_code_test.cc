#include "ws/close_code.h"

#include <gtest/gtest.h>

namespace parley::ws {
namespace {

TEST(CloseCode, AClientMaySendTheCodesOfTheRfcTheRegistryAndTheOpenRanges) {
    for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                           3000, 3999, 4000, 4401, 4999}) {
        EXPECT_TRUE(may_be_sent_by_client(static_cast<std::uint16_t>(code))) << code;
    }
    for (const int code :
         {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
        EXPECT_FALSE(may_be_sent_by_client(static_cast<std::uint16_t>(code))) << code;
    }
}

}  // namespace
}  // namespace parley::ws
