/** Under which the student's file is kept between pages. */
export const fileKey = ['my-file'] as const;
