export const secret = "whsec_2f9a41c07b";
