import type appeals from './ru/appeals.json';
import type arrival from './ru/arrival.json';
import type common from './ru/common.json';
import type consent from './ru/consent.json';
import type exam from './ru/exam.json';
import type home from './ru/home.json';
import type join from './ru/join.json';
import type log from './ru/log.json';
import type register from './ru/register.json';
import type myfile from './ru/myfile.json';
import type people from './ru/people.json';
import type requests from './ru/requests.json';
import type retention from './ru/retention.json';
import type review from './ru/review.json';
import type phone from './ru/phone.json';
import type screen from './ru/screen.json';
import type talk from './ru/talk.json';
import type system from './ru/system.json';
import type wall from './ru/wall.json';
import type way from './ru/way.json';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: {
      appeals: typeof appeals;
      arrival: typeof arrival;
      common: typeof common;
      consent: typeof consent;
      exam: typeof exam;
      home: typeof home;
      join: typeof join;
      log: typeof log;
      register: typeof register;
      myfile: typeof myfile;
      people: typeof people;
      requests: typeof requests;
      retention: typeof retention;
      review: typeof review;
      phone: typeof phone;
      screen: typeof screen;
      talk: typeof talk;
      system: typeof system;
      wall: typeof wall;
      way: typeof way;
    };
  }
}
