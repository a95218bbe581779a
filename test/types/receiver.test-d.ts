import { expectTypeOf, test } from "vitest";
import type {
    CreatorFailure,
    CreatorSuccess,
    Delivery,
    HandedDelivery,
    TestDelivery,
    UnknownDelivery,
} from "../../receiver";

test("the name of an event tells which delivery it is", () => {
    const take = (delivery: Delivery) => {
        if (delivery.event === "creator.success") expectTypeOf(delivery).toEqualTypeOf<CreatorSuccess>();
        if (delivery.event === "unknown") expectTypeOf(delivery).toEqualTypeOf<UnknownDelivery>();
        if (delivery.event === "creator.failure") expectTypeOf(delivery).toEqualTypeOf<CreatorFailure>();
    };
    expectTypeOf(take).returns.toBeVoid();
});

test("a test is never handed on", () => {
    expectTypeOf<Extract<HandedDelivery, TestDelivery>>().toBeNever();
    expectTypeOf<Extract<Delivery, TestDelivery>>().toEqualTypeOf<TestDelivery>();
});
